using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

public static partial class Attention
{
    /// <summary>The gradients of all heads of whole sequences.</summary>
    /// <remarks>
    /// The weights p are computed again from the log-sum-exp of the forward pass, a block of keys by a panel of queries at a time (Dao, 2023, algorithm 2):
    /// dv_j = Σ p_ij · do_i, ds_ij = p_ij · (do_i·v_j - do_i·o_i), dq_i = scale · Σ_j ds_ij · k_j, dk_j = scale · Σ_i ds_ij · q_i. float32. A thread takes a key head
    /// of a sequence with all its query heads, so nothing is added across threads: same bits for any number of them. Scratch memory, in the team: some
    /// 6 · HeadDim floats a token of the longest sequence for each thread. Not finite inputs make gradients of their sequence not finite.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="shape">Heads, head dimension, scale and window.</param>
    /// <param name="sequences">The sequences, of any lengths; their gradients do not overlap.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of the shape is out of its range.</exception>
    /// <exception cref="ShapeMismatchException">A view has other rows or columns than the shape and the queries ask for.</exception>
    /// <exception cref="ArgumentException">A gradient overlaps an input.</exception>
    public static void Gradient(ThreadTeam team, AttentionShape shape, ReadOnlySpan<AttentionGradientSequence> sequences)
    {
        ArgumentNullException.ThrowIfNull(team);
        AttentionShape.ThrowIfInvalid(shape);
        foreach (ref readonly AttentionGradientSequence sequence in sequences)
        {
            ThrowIfInvalid(shape, in sequence);
        }

        AttentionGradient.Run(team, shape, sequences.ToArray(), KernelPaths.Best);
    }

    private static void ThrowIfInvalid(AttentionShape shape, in AttentionGradientSequence sequence)
    {
        int tokens = sequence.Query.Rows;
        long width = (long)shape.Heads * shape.HeadDim;
        long keyWidth = (long)shape.KeyValueHeads * shape.HeadDim;
        ThrowIfNotShape(sequence.Query, tokens, width, nameof(sequence.Query));
        ThrowIfNotShape(sequence.Key, tokens, keyWidth, nameof(sequence.Key));
        ThrowIfNotShape(sequence.Value, tokens, keyWidth, nameof(sequence.Value));
        ThrowIfNotShape(sequence.Output, tokens, width, nameof(sequence.Output));
        ThrowIfNotShape(sequence.LogSumExp, tokens, shape.Heads, nameof(sequence.LogSumExp));
        ThrowIfNotShape(sequence.OutputGradient, tokens, width, nameof(sequence.OutputGradient));
        ThrowIfNotShape(sequence.QueryGradient, tokens, width, nameof(sequence.QueryGradient));
        ThrowIfNotShape(sequence.KeyGradient, tokens, keyWidth, nameof(sequence.KeyGradient));
        ThrowIfNotShape(sequence.ValueGradient, tokens, keyWidth, nameof(sequence.ValueGradient));
        ThrowIfOverlapsInput(in sequence, sequence.QueryGradient, nameof(sequence.QueryGradient));
        ThrowIfOverlapsInput(in sequence, sequence.KeyGradient, nameof(sequence.KeyGradient));
        ThrowIfOverlapsInput(in sequence, sequence.ValueGradient, nameof(sequence.ValueGradient));
    }

    private static void ThrowIfOverlapsInput(in AttentionGradientSequence sequence, TensorView<float> gradient, string name)
    {
        MemoryOverlap.ThrowIfShared(sequence.Query, gradient, name);
        MemoryOverlap.ThrowIfShared(sequence.Key, gradient, name);
        MemoryOverlap.ThrowIfShared(sequence.Value, gradient, name);
        MemoryOverlap.ThrowIfShared(sequence.Output, gradient, name);
        MemoryOverlap.ThrowIfShared(sequence.LogSumExp, gradient, name);
        MemoryOverlap.ThrowIfShared(sequence.OutputGradient, gradient, name);
    }
}
