using System.Globalization;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Pruning.Search;

/// <summary>The units that depth pruning may remove, and their short names: <c>7</c> block 7, <c>7a</c> its attention, <c>7m</c> its MLP.</summary>
internal static class DepthUnits
{
    private const int KeptAtStart = 4;
    private const int KeptAtEnd = 2;

    /// <summary>Units that may go, block by block, attention first.</summary>
    public static IReadOnlyList<Unit> Of(ModelConfig config, DepthOptions options)
    {
        UnitKind[] kinds = options.Units == DepthUnit.Block ? [UnitKind.Block] : [UnitKind.Attention, UnitKind.Mlp];
        return [.. kinds.SelectMany(kind => Unit.All(config, kind)).Where(unit => MayGo(config, options, unit.Block))
            .OrderBy(unit => unit.Block).ThenBy(unit => unit.Kind)];
    }

    /// <summary>Whether the "+" rule lets a block go.</summary>
    public static bool MayGo(ModelConfig config, DepthOptions options, int block) =>
        !options.KeepsEnds || (block >= KeptAtStart && block < config.Blocks.Count - KeptAtEnd);

    /// <summary>The short name of a block or sub-layer.</summary>
    public static string NameOf(Unit unit)
    {
        string suffix = unit.Kind switch
        {
            UnitKind.Attention => "a",
            UnitKind.Mlp => "m",
            _ => "",
        };
        return unit.Block.ToString(CultureInfo.InvariantCulture) + suffix;
    }

    /// <summary>Reads a short name; no check against a model.</summary>
    public static bool TryParse(string text, out Unit unit)
    {
        UnitKind kind = text.EndsWith('a') ? UnitKind.Attention : text.EndsWith('m') ? UnitKind.Mlp : UnitKind.Block;
        string number = kind == UnitKind.Block ? text : text[..^1];
        bool isNumber = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int block);
        unit = new Unit(kind, block, 0);
        return isNumber;
    }
}
