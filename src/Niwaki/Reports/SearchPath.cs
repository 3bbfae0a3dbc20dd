using System.Globalization;
using System.Text;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>How the value that decided grew with the sparsity while a run searched, as far as its folder tells.</summary>
/// <param name="Measure">What the values are.</param>
/// <param name="Points">Values by sparsity, ascending; empty where nothing was recorded.</param>
/// <param name="Missing">Why there are no points; null where there are some.</param>
public sealed record SearchPath(string Measure, IReadOnlyList<SearchPoint> Points, string? Missing)
{
    private const int MaxBytes = 1 << 24;
    private const string PathName = "depth_path.csv";

    /// <summary>The path of a run.</summary>
    /// <param name="folder">Run folder.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="report">Its report.</param>
    /// <param name="source">Sizes of the source.</param>
    internal static SearchPath Read(string folder, Recipe recipe, RunReport report, ModelConfig source)
    {
        string file = Path.Combine(folder, PathName);
        if (File.Exists(file))
        {
            string measure = recipe.Depth.Criterion == DepthCriterion.Kl ? "divergence from the dense model" : "loss";
            return Of(measure, ReadRemovals(file, source));
        }

        if (report.Rounds is not { Count: > 0 } rounds || recipe.Method is not (PruningMethod.Bonsai or PruningMethod.DepthWidth) || !recipe.Bonsai.Perturb)
        {
            return new SearchPath("", [], $"The method '{report.Method}' with these settings judges no sequence of smaller and smaller models.");
        }

        string utility = recipe.Bonsai.Utility == SubModelUtility.Divergence ? "divergence from the dense model" : "loss";

        // What went before the first round, as blocks.
        double before = Math.Max(0, report.PrunableBefore - report.PrunableAfter - rounds.Sum(round => Parameters(round, source)));
        return Of(utility, OfRounds(Path.Combine(folder, RunFolder.JournalName), rounds, before, source));
    }

    private static SearchPath Of(string measure, IEnumerable<SearchPoint?> points)
    {
        SearchPoint[] found = [.. points.OfType<SearchPoint>()];
        return new SearchPath(measure, found, found.Length == 0 ? "No finite value was recorded." : null);
    }

    /// <summary>Sub-models of a round lie about as far below the whole as the model that the round leaves.</summary>
    private static IEnumerable<SearchPoint?> OfRounds(string journal, IReadOnlyList<ReportedRound> rounds, double removed, ModelConfig source)
    {
        ILookup<int, double> losses = Journal.ReadEntries(journal)
            .Select(entry => (Round: RoundOf(entry.Key), entry.Record.LossNats)).Where(pair => pair.Round > 0)
            .ToLookup(pair => pair.Round, pair => pair.LossNats);
        double prunable = ParameterCounter.Count(source).Prunable;
        foreach (ReportedRound round in rounds)
        {
            removed += Parameters(round, source);
            yield return SearchPoint.Of(removed / prunable, losses[round.Round]);
        }
    }

    private static double Parameters(ReportedRound round, ModelConfig source)
    {
        double sum = 0;
        for (int block = 0; block < Math.Min(source.Blocks.Count, round.Removed.Count); block++)
        {
            if (round.Removed[block] is [int groups, int neurons])
            {
                sum += groups > 0 && source.Blocks[block].HasAttention ? (double)groups * ParameterCounter.PrunableOf(source, new Unit(UnitKind.KeyValueGroup, block, 0)) : 0;
                sum += neurons > 0 && source.Blocks[block].HasMlp ? (double)neurons * ParameterCounter.PrunableOf(source, new Unit(UnitKind.Neuron, block, 0)) : 0;
            }
        }

        return sum;
    }

    /// <summary>The round of a key such as <c>round 3, mask 7, …</c>; 0 for others.</summary>
    private static int RoundOf(string key)
    {
        const string Prefix = "round ";
        int comma = key.IndexOf(", mask ", StringComparison.Ordinal);
        return key.StartsWith(Prefix, StringComparison.Ordinal) && comma > 0
            && int.TryParse(key.AsSpan(Prefix.Length, comma - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int round)
            ? round
            : 0;
    }

    /// <summary>Lines <c>count,search,value,units</c> with units such as <c>3 7a 5m</c>.</summary>
    private static IEnumerable<SearchPoint?> ReadRemovals(string file, ModelConfig source)
    {
        string[] lines = Encoding.UTF8.GetString(CappedFile.ReadAllBytes(file, MaxBytes)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        double prunable = ParameterCounter.Count(source).Prunable;
        for (int i = 1; i < lines.Length; i++)
        {
            string[] fields = lines[i].Split(',');
            if (fields.Length != 4 || !double.TryParse(fields[2], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                throw new ModelFormatException(file, $"line {i + 1}", $"is '{MessageText.Shown(lines[i])}'", "count,search,value,units");
            }

            yield return SearchPoint.Of(fields[3].Split(' ').Sum(name => Parameters(file, name, source)) / prunable, [value]);
        }
    }

    private static double Parameters(string file, string name, ModelConfig source) =>
        DepthUnits.TryParse(name, out Unit unit) && unit.Block < source.Blocks.Count && Exists(unit, source.Blocks[unit.Block])
            ? ParameterCounter.PrunableOf(source, unit)
            : throw new ModelFormatException(file, "units", $"have '{MessageText.Shown(name)}'", $"blocks below {source.Blocks.Count} with an 'a' or 'm' behind the number for a sub-layer");

    private static bool Exists(Unit unit, BlockShape shape) => unit.Kind switch
    {
        UnitKind.Attention => shape.HasAttention,
        UnitKind.Mlp => shape.HasMlp,
        _ => true,
    };
}
