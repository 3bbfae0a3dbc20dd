using System.Globalization;
using System.Text;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>What a run held units to be worth before it removed any, as far as its folder tells.</summary>
/// <param name="Measure">What the values are; empty where there are none.</param>
/// <param name="Groups">For every block the value of each KV group; empty lists where none is known.</param>
/// <param name="Neurons">For every block the value of each neuron; empty lists where none is known.</param>
/// <param name="SubLayers">For every block [attention, MLP] or [block]: values of whole sub-layers or blocks; NaN where none is known, empty lists where the method has none.</param>
public sealed record UnitImportance(string Measure, IReadOnlyList<double[]> Groups, IReadOnlyList<double[]> Neurons, IReadOnlyList<double[]> SubLayers)
{
    private const int MaxBytes = 1 << 24;

    /// <summary>Whether there is any value.</summary>
    public bool IsKnown => Measure.Length > 0;

    /// <summary>The values of a run.</summary>
    /// <param name="folder">Run folder.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="source">Sizes of the source.</param>
    internal static UnitImportance Read(string folder, Recipe recipe, ModelConfig source)
    {
        if (new RoundStore(Path.Combine(folder, RunFolder.RoundsName)).Find(1) is { } record)
        {
            ImportancePrior prior = recipe.Method == PruningMethod.Niwaki ? recipe.Niwaki.Prior : recipe.Bonsai.Prior;
            return OfPrior(record, $"prior of the first round ({prior.ToString().ToLowerInvariant()})", recipe.WidthUnits, source);
        }

        string sorted = Path.Combine(folder, "all_ppl_unsorted.csv");
        string scores = Path.Combine(folder, "block_scores.csv");
        string path = Path.Combine(folder, "depth_path.csv");
        return (File.Exists(sorted), File.Exists(scores), File.Exists(path)) switch
        {
            (true, _, _) => OfScores(sorted, "perplexity without the unit (calibration text)", source),
            (_, true, _) => OfScores(scores, $"score by criterion {recipe.Depth.Criterion.ToString().ToLowerInvariant()}", source),
            (_, _, true) => OfJournal(Path.Combine(folder, RunFolder.JournalName), recipe, source),
            _ => Unknown(source),
        };
    }

    private static UnitImportance Unknown(ModelConfig source) => new("", Empty(source), Empty(source), Empty(source));

    private static double[][] Empty(ModelConfig source) => [.. source.Blocks.Select(_ => Array.Empty<double>())];

    /// <summary>Lists of a round are those of the sub-layers whose units may go, block by block, attention first; where blocks went before it, they are not, and nothing is shown.</summary>
    private static UnitImportance OfPrior(RoundRecord record, string measure, WidthUnits units, ModelConfig source)
    {
        double[][] groups = Empty(source);
        double[][] neurons = Empty(source);
        int next = 0;
        for (int block = 0; block < source.Blocks.Count; block++)
        {
            BlockShape shape = source.Blocks[block];
            if (shape.HasAttention && units != WidthUnits.Neurons)
            {
                groups[block] = Take(record.Prior, next++, shape.KeyValueHeads);
            }

            if (shape.HasMlp && units != WidthUnits.Groups)
            {
                neurons[block] = Take(record.Prior, next++, shape.Neurons);
            }
        }

        bool fits = next == record.Prior.Count
            && (units == WidthUnits.Neurons || groups.Zip(source.Blocks).All(pair => pair.First.Length == pair.Second.KeyValueHeads))
            && (units == WidthUnits.Groups || neurons.Zip(source.Blocks).All(pair => pair.First.Length == pair.Second.Neurons));
        return fits ? new UnitImportance(measure, groups, neurons, Empty(source)) : Unknown(source);
    }

    private static double[] Take(IReadOnlyList<double[]> lists, int index, int count) =>
        index < lists.Count && lists[index] is { } list && list.Length == count ? list : [];

    /// <summary>Lines that begin with a unit such as <c>7</c> or <c>7a</c> and its score.</summary>
    private static UnitImportance OfScores(string file, string measure, ModelConfig source)
    {
        string[] lines = Encoding.UTF8.GetString(CappedFile.ReadAllBytes(file, MaxBytes)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var values = new List<(string Unit, double Value)>();
        for (int i = 1; i < lines.Length; i++)
        {
            string[] fields = lines[i].Split(',');
            if (fields.Length < 2 || !double.TryParse(fields[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                throw new ModelFormatException(file, $"line {i + 1}", $"is '{MessageText.Shown(lines[i])}'", "a unit and its score");
            }

            values.Add((fields[0], value));
        }

        return OfUnits(values, measure, source);
    }

    /// <summary>The first step of a search judges every unit alone: keys such as <c>loss without 7a</c>.</summary>
    private static UnitImportance OfJournal(string journal, Recipe recipe, ModelConfig source)
    {
        const string Separator = " without ";
        IEnumerable<(string Unit, double Value)> values = Journal.ReadEntries(journal)
            .Select(entry => (Key: entry.Key.Split(Separator), entry.Record.LossNats)).Where(pair => pair.Key.Length == 2)
            .Select(pair => (pair.Key[1], pair.LossNats));
        return OfUnits(values, recipe.Depth.Criterion == DepthCriterion.Kl ? "divergence without the unit (calibration text)" : "loss without the unit (calibration text)", source);
    }

    private static UnitImportance OfUnits(IEnumerable<(string Unit, double Value)> values, string measure, ModelConfig source)
    {
        double[][] found = [.. source.Blocks.Select(_ => new[] { double.NaN, double.NaN, double.NaN })];
        foreach ((string name, double value) in values)
        {
            if (DepthUnits.TryParse(name, out Unit unit) && unit.Block < found.Length)
            {
                int column = unit.Kind switch { UnitKind.Attention => 0, UnitKind.Mlp => 1, _ => 2 };
                found[unit.Block][column] = value;
            }
        }

        bool blocks = found.Any(row => !double.IsNaN(row[2]));
        bool any = blocks || found.Any(row => !double.IsNaN(row[0]) || !double.IsNaN(row[1]));
        return any
            ? new UnitImportance(measure, Empty(source), Empty(source), [.. found.Select(row => blocks ? row[2..] : row[..2])])
            : Unknown(source);
    }
}
