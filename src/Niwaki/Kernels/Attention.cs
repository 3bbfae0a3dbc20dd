using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Causal scaled dot-product attention with grouped queries (Vaswani et al., 2017, equation 1; Ainslie et al., 2023).</summary>
/// <remarks>
/// The query at position p sees the keys 0 to p, or p - w + 1 to p with a sliding window of w: o = g · Σ_j softmax_j(scale · q·k_j) v_j.
/// float32 with a running maximum and sum over blocks of keys (Milakov and Gimelshein, 2018), so no matrix of queries × keys exists.
/// A sequence's result does not depend on the other sequences, a query's not on the queries and keys after it; same bits for any number of
/// threads. Sequences of up to <see cref="DirectAttention.MaximumQueries"/> queries take another path and differ from longer ones in the last bits.
/// A NaN or ∞ in a key or value makes NaN only what sees it; one in a value sends all queries of its key head down the path of few queries, which may move
/// the last bits of those before it. Scratch memory, in the team: packed keys and values of some key heads, at most 16 MiB or those of one key head of one
/// sequence, whichever is more; and about 12 + HeadDim/4 KiB a thread.
/// </remarks>
public static partial class Attention
{
    /// <summary>Computes all heads of all sequences.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="sequences">The sequences, of any lengths; their outputs do not overlap.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of the shape is out of its range.</exception>
    /// <exception cref="ShapeMismatchException">A view has other rows or columns than the shape and the other views ask for, or there are more
    /// queries than keys, or not one gate for each head.</exception>
    /// <exception cref="ArgumentException">An output overlaps keys or values, or queries in part.</exception>
    public static void Apply(ThreadTeam team, AttentionShape shape, ReadOnlySpan<AttentionSequence> sequences)
    {
        ArgumentNullException.ThrowIfNull(team);
        AttentionShape.ThrowIfInvalid(shape);
        var few = new List<AttentionSequence>();
        var many = new List<AttentionSequence>();
        foreach (ref readonly AttentionSequence sequence in sequences)
        {
            ThrowIfInvalid(shape, in sequence);
            (sequence.Query.Rows <= DirectAttention.MaximumQueries ? few : many).Add(sequence);
        }

        DirectAttention.Run(team, shape, [.. few]);
        TiledAttention.Run(team, shape, [.. many]);
    }

    private static void ThrowIfInvalid(AttentionShape shape, in AttentionSequence sequence)
    {
        int queries = sequence.Query.Rows;
        int keys = sequence.Key.Rows;
        ThrowIfNotShape(sequence.Query, queries, (long)shape.Heads * shape.HeadDim, nameof(sequence.Query));
        ThrowIfNotShape(sequence.Key, keys, (long)shape.KeyValueHeads * shape.HeadDim, nameof(sequence.Key));
        ThrowIfNotShape(sequence.Value, keys, (long)shape.KeyValueHeads * shape.HeadDim, nameof(sequence.Value));
        ThrowIfNotShape(sequence.Output, queries, (long)shape.Heads * shape.HeadDim, nameof(sequence.Output));
        if (queries > keys)
        {
            throw new ShapeMismatchException(nameof(sequence.Key), sequence.Key.ToString(), $"at least {queries} rows, one for each query");
        }

        if (sequence.HeadGates is float[] gates && gates.Length != shape.Heads)
        {
            throw new ShapeMismatchException(nameof(sequence.HeadGates), $"[{gates.Length}]", $"[{shape.Heads}]");
        }

        if (sequence.LogSumExp.Columns != 0)
        {
            ThrowIfNotShape(sequence.LogSumExp, queries, shape.Heads, nameof(sequence.LogSumExp));
        }

        MemoryOverlap.ThrowIfPartial(sequence.Query, sequence.Output, nameof(sequence.Output));
        MemoryOverlap.ThrowIfShared(sequence.Key, sequence.Output, nameof(sequence.Output));
        MemoryOverlap.ThrowIfShared(sequence.Value, sequence.Output, nameof(sequence.Output));
    }

    private static void ThrowIfNotShape(TensorView<float> view, int rows, long columns, string name)
    {
        if (view.Rows != rows || view.Columns != columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), $"[{rows}, {columns}]");
        }
    }
}
