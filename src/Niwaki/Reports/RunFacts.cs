using Niwaki.Evaluation.Speed;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Healing;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>Everything that the folder of a run that has ended tells about it; no model is run.</summary>
public sealed record RunFacts
{
    /// <summary>Name of the file that <c>niwaki report</c> writes into the folder.</summary>
    public const string PageName = "report.html";

    /// <summary>The folder as it was given.</summary>
    public required string Folder { get; init; }

    /// <summary>The outcome.</summary>
    public required RunReport Report { get; init; }

    /// <summary>What was decided beforehand.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Sizes of the source; the blocks are those before pruning.</summary>
    public required ModelConfig Source { get; init; }

    /// <summary>What stayed.</summary>
    public required PruningPlan Plan { get; init; }

    /// <summary>The text that decided.</summary>
    public required RecordedWindows Calibration { get; init; }

    /// <summary>The text that measured.</summary>
    public required RecordedWindows Evaluation { get; init; }

    /// <summary>What units were held to be worth.</summary>
    public required UnitImportance Importance { get; init; }

    /// <summary>The search.</summary>
    public required SearchPath Search { get; init; }

    /// <summary>Speed before and after; null where it was not measured.</summary>
    public SpeedReport? Speed { get; init; }

    /// <summary>Texts of both models; null where none were written.</summary>
    public SampleTexts? Samples { get; init; }

    /// <summary>A healing in the folder <c>healed</c>; null where there is none.</summary>
    public HealingReport? Healing { get; init; }

    /// <summary>Reads a run folder.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="RunFolderException">There is no run, or it has not ended.</exception>
    /// <exception cref="RecipeException">The recipe is broken.</exception>
    /// <exception cref="ModelFormatException">A file of the run is broken.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static RunFacts Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string reportPath = Path.Combine(path, RunFolder.ReportName);
        string recipePath = Path.Combine(path, RunFolder.RecipeName);
        if (!File.Exists(recipePath))
        {
            throw new RunFolderException(path, $"'{path}' has no {RunFolder.RecipeName}, expected the folder of a run. Make one with 'niwaki prune'.");
        }

        if (!File.Exists(reportPath))
        {
            throw new RunFolderException(path, $"'{path}' has no {RunFolder.ReportName}, expected a run that has ended. Finish it with 'niwaki resume {path}'.");
        }

        var report = RunReport.Read(reportPath);
        var recipe = Recipe.Load(recipePath);
        ModelConfig source = SourceOf(Path.Combine(path, RunFolder.ModelName), report, reportPath);
        return new RunFacts
        {
            Folder = path,
            Report = report,
            Recipe = recipe,
            Source = source,
            Plan = PruningPlan.ReadForShapes(Path.Combine(path, RunFolder.PlanName), source),
            Calibration = RecordedWindows.Read(Path.Combine(path, RunFolder.CalibrationName), source.VocabularySize),
            Evaluation = RecordedWindows.Read(Path.Combine(path, RunFolder.EvaluationName), source.VocabularySize),
            Importance = UnitImportance.Read(path, recipe, source),
            Search = SearchPath.Read(path, recipe, report, source),
            Speed = Optional(Path.Combine(path, SpeedReport.FileName), SpeedReport.Read),
            Samples = Optional(Path.Combine(path, SampleTexts.FileName), SampleTexts.Read),
            Healing = Optional(Path.Combine(path, "healed", HealingReport.FileName), HealingReport.Read),
        };
    }

    /// <summary>The config of the pruned model with the blocks of the source, so that the source itself may be gone.</summary>
    private static ModelConfig SourceOf(string model, RunReport report, string reportPath)
    {
        ModelConfig config = ModelConfigReader.Read(ConfigDocument.Read(Path.Combine(model, ModelFolder.ConfigName)));
        BlockShape[] blocks = new BlockShape[report.Blocks.Count];
        for (int i = 0; i < blocks.Length; i++)
        {
            ReportedShape shape = report.Blocks[i].Before;
            bool fits = shape is { Heads: >= 0 and <= 1 << 20, KeyValueHeads: >= 0, Neurons: >= 0 and <= 1 << 24 } && shape.KeyValueHeads <= shape.Heads
                && (shape.KeyValueHeads == 0 ? shape.Heads == 0 : shape.Heads % shape.KeyValueHeads == 0);
            blocks[i] = fits
                ? new BlockShape(shape.Heads, shape.KeyValueHeads, shape.Neurons)
                : throw new ModelFormatException(reportPath, $"'blocks[{i}].before'", $"has {shape.Heads} heads, {shape.KeyValueHeads} KV heads and {shape.Neurons} neurons", "the sizes of a block");
        }

        return config with { Blocks = blocks, SlidingWindows = [.. blocks.Select(_ => (int?)null)] };
    }

    private static T? Optional<T>(string path, Func<string, T> read)
        where T : class => File.Exists(path) ? read(path) : null;
}
