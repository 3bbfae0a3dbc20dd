using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Reads the order in which blocks or sub-layers go: names separated by commas or white space, the first to go first.</summary>
internal static class OrderFile
{
    /// <summary>A hundred thousand units take less.</summary>
    private const long LargestFile = 1 << 20;

    /// <summary>Reads an order and leaves out what the recipe does not let go.</summary>
    /// <param name="path">The file, such as a published <c>block_order.csv</c>.</param>
    /// <param name="config">The model.</param>
    /// <param name="options">Kind of units and the "+" rule.</param>
    /// <exception cref="DatasetException">The file cannot be read, or an entry is no unit of the model, of the other kind, or there twice.</exception>
    public static IReadOnlyList<Unit> Read(string path, ModelConfig config, DepthOptions options)
    {
        string[] entries = TextFile.Read(path, LargestFile).Split([',', ' ', '\t', '\r', '\n', ';'], StringSplitOptions.RemoveEmptyEntries);
        List<Unit> ordered = [];
        var seen = new HashSet<Unit>();
        for (int i = 0; i < entries.Length; i++)
        {
            Unit unit = Parse(entries[i], config, options, expected => Fault(path, i, entries[i], expected));
            ordered.Add(seen.Add(unit) ? unit : throw Fault(path, i, entries[i], "each unit once"));
        }

        return [.. ordered.Where(unit => DepthUnits.MayGo(config, options, unit.Block))];
    }

    private static Unit Parse(string entry, ModelConfig config, DepthOptions options, Func<string, DatasetException> fault)
    {
        bool isBlock = options.Units == DepthUnit.Block;
        if (!DepthUnits.TryParse(entry, out Unit unit) || (unit.Kind == UnitKind.Block) != isBlock)
        {
            throw fault(isBlock ? "the number of a block" : "a sub-layer such as 3a (attention of block 3) or 3m (its MLP)");
        }

        return unit.Block < config.Blocks.Count && Unit.CountIn(config.Blocks[unit.Block], unit.Kind) > 0
            ? unit
            : throw fault($"one of the model's {config.Blocks.Count} blocks, counted from 0");
    }

    private static DatasetException Fault(string path, int index, string entry, string expected) =>
        new($"'{path}'", $"has '{MessageText.Shown(entry)}' as entry {index + 1}", expected, "Is it the order of another model?");
}
