namespace Niwaki.Models;

/// <summary>The units of one block that stay, by their index in the source. A sub-layer without units is gone; a block without both is gone.</summary>
/// <param name="Heads">Query heads that stay, ascending.</param>
/// <param name="KeyValueHeads">Key and value heads that stay, ascending; each keeps the same number of its query heads.</param>
/// <param name="Neurons">Neurons that stay, ascending.</param>
public sealed record BlockSelection(int[] Heads, int[] KeyValueHeads, int[] Neurons)
{
    /// <summary>Everything of a block.</summary>
    /// <param name="shape">Sizes of the block.</param>
    public static BlockSelection All(BlockShape shape) => new(Count(shape.Heads), Count(shape.KeyValueHeads), Count(shape.Neurons));

    /// <summary>Sizes of what stays.</summary>
    public BlockShape Shape => new(Heads.Length, KeyValueHeads.Length, Neurons.Length);

    /// <summary>Whether nothing of the block stays.</summary>
    public bool IsEmpty => Heads.Length == 0 && Neurons.Length == 0;

    /// <summary>The rows or columns that stay along an axis, or null where the axis is not pruned.</summary>
    /// <param name="axis">What the rows or columns stand for.</param>
    /// <param name="headDim">Channels of a head.</param>
    public int[]? Channels(UnitAxis axis, int headDim) => axis switch
    {
        UnitAxis.Heads => Expand(Heads, headDim),
        UnitAxis.KeyValueHeads => Expand(KeyValueHeads, headDim),
        UnitAxis.Neurons => Neurons,
        _ => null,
    };

    private static int[] Count(int count) => [.. Enumerable.Range(0, count)];

    private static int[] Expand(int[] heads, int headDim)
    {
        int[] channels = new int[heads.Length * headDim];
        for (int i = 0; i < channels.Length; i++)
        {
            channels[i] = (heads[i / headDim] * headDim) + (i % headDim);
        }

        return channels;
    }
}
