using Niwaki.Evaluation.Speed;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Pruning.Surgery;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>The card of a run's model, <c>README.md</c> in the model folder, once its speed was measured.</summary>
public static class RunCard
{
    /// <summary>Writes the card anew with a measurement of speed. A card that somebody has changed stays as it is.</summary>
    /// <param name="facts">The run, read before the measurement was written into its folder.</param>
    /// <param name="speed">The measurement; the first model is the pruned one, a second one the source.</param>
    /// <returns>Whether the card was written.</returns>
    /// <exception cref="ModelFormatException">The config of the model is broken.</exception>
    /// <exception cref="IOException">The disk is full, or a file cannot be read or replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public static bool AddSpeed(RunFacts facts, SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(speed);
        string folder = Path.Combine(facts.Folder, RunFolder.ModelName);
        string path = Path.Combine(folder, ModelCard.FileName);
        bool isStock = ConfigSurgery.IsStock(ConfigDocument.Read(Path.Combine(folder, ModelFolder.ConfigName)));
        if (!File.Exists(path) || File.ReadAllText(path) != ModelCard.Text(facts.Plan, facts.Source, isStock, facts.Report, Table(facts.Speed)))
        {
            return false;
        }

        AtomicFile.WriteAllText(path, ModelCard.Text(facts.Plan, facts.Source, isStock, facts.Report, Table(speed)));
        return true;
    }

    /// <summary>The table without the paths that the models have on this machine.</summary>
    private static string? Table(SpeedReport? speed) => speed is null ? null : SpeedTable.Markdown(
        speed with { Models = [.. speed.Models.Select((model, i) => model with { Name = i == 0 ? "pruned" : "source" })] });
}
