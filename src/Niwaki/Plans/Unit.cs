using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>One thing that can be removed from a model.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Block">Index of its block in the source.</param>
/// <param name="Index">Index of the neuron or the key and value head; 0 for the other kinds.</param>
public readonly record struct Unit(UnitKind Kind, int Block, int Index)
{
    /// <summary>All units of a kind, block by block, in the order of their indices. Sub-layers and blocks without units are left out.</summary>
    /// <param name="source">The model.</param>
    /// <param name="kind">Kind of unit.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value names no kind.</exception>
    public static IEnumerable<Unit> All(ModelConfig source, UnitKind kind)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Enumerable.Range(0, source.Blocks.Count)
            .SelectMany(block => Enumerable.Range(0, CountIn(source.Blocks[block], kind)).Select(index => new Unit(kind, block, index)));
    }

    /// <summary>Units of a kind in one block.</summary>
    /// <param name="shape">Sizes of the block.</param>
    /// <param name="kind">Kind of unit.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value names no kind.</exception>
    public static int CountIn(BlockShape shape, UnitKind kind) => kind switch
    {
        UnitKind.Neuron => shape.Neurons,
        UnitKind.KeyValueGroup => shape.KeyValueHeads,
        UnitKind.Attention => shape.HasAttention ? 1 : 0,
        UnitKind.Mlp => shape.HasMlp ? 1 : 0,
        UnitKind.Block => shape.HasAttention || shape.HasMlp ? 1 : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of unit."),
    };

    /// <summary>Refuses a unit that a model does not have.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block, or no such unit in it.</exception>
    internal static void ThrowIfMissing(ModelConfig source, Unit unit)
    {
        if ((uint)unit.Block >= (uint)source.Blocks.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(unit), unit.Block, $"{unit} is in block {unit.Block}, expected a block from 0 to {source.Blocks.Count - 1}.");
        }

        int count = CountIn(source.Blocks[unit.Block], unit.Kind);
        if ((uint)unit.Index >= (uint)count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(unit), unit.Index, $"{unit} has index {unit.Index}, expected one of the {count} that block {unit.Block} has.");
        }
    }

    /// <summary>Kind and place as text, such as <c>Neuron 7 of block 3</c> or <c>Attention of block 3</c>.</summary>
    public override string ToString() => Kind is UnitKind.Neuron or UnitKind.KeyValueGroup
        ? FormattableString.Invariant($"{Kind} {Index} of block {Block}")
        : FormattableString.Invariant($"{Kind} of block {Block}");
}
