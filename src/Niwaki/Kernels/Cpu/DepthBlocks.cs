using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>
/// Splits the shared dimension K into nearly equal blocks: one block of a weight panel stays in the first-level cache and one block of
/// packed activations in the second-level cache.
/// </summary>
/// <remarks>
/// The cut depends on K alone, because sums are rounded where blocks meet: every path, every batch and every way of storing the same numbers
/// gives the same bits. So it goes between blocks of <see cref="ElementType.Q8_0"/>, whatever the weights are.
/// </remarks>
internal readonly struct DepthBlocks
{
    /// <summary>The largest block of floats: 32 columns are 32 KiB of a first-level cache of 48, 16 columns 16 KiB of 32.</summary>
    public const int MaximumFloats = 256;

    /// <summary>Cuts a dimension.</summary>
    /// <param name="depth">K, 0 or more.</param>
    /// <param name="maximum">The largest block, a multiple of the granularity.</param>
    /// <param name="granularity">Every block but the last is a multiple of this.</param>
    public DepthBlocks(int depth, int maximum = MaximumFloats, int granularity = ElementTypes.Q8BlockLength)
    {
        Depth = depth;
        int count = Math.Max(1, (int)(((long)depth + maximum - 1) / maximum));
        int size = (int)(((long)depth + count - 1) / count);
        Size = Math.Max(granularity, (int)(((long)size + granularity - 1) / granularity * granularity));
        Count = (int)(((long)depth + Size - 1) / Size);
    }

    /// <summary>K.</summary>
    public int Depth { get; }

    /// <summary>The length of every block but the last, which may be shorter.</summary>
    public int Size { get; }

    /// <summary>Blocks; 0 when K is 0.</summary>
    public int Count { get; }

    /// <summary>The first k of a block.</summary>
    public int Start(int block) => block * Size;

    /// <summary>Steps of k in a block.</summary>
    public int Length(int block) => Math.Min(Size, Depth - (block * Size));
}
