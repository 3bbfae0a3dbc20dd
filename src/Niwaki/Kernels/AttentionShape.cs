namespace Niwaki.Kernels;

/// <summary>What the sequences of an attention have in common.</summary>
/// <param name="Heads">Query heads, a multiple of <paramref name="KeyValueHeads"/>; head h reads key head h / (Heads / KeyValueHeads).</param>
/// <param name="KeyValueHeads">Key and value heads, 1 or more.</param>
/// <param name="HeadDim">Elements of a head, 1 or more; may be odd.</param>
/// <param name="Scale">Factor on the products of queries and keys, finite; usually 1/sqrt(HeadDim).</param>
/// <param name="SlidingWindow">Keys that a query sees, itself included, 1 or more; null: all before it.</param>
public readonly record struct AttentionShape(int Heads, int KeyValueHeads, int HeadDim, float Scale, int? SlidingWindow = null)
{
    /// <summary>Query heads that share a key head.</summary>
    internal int Group => Heads / KeyValueHeads;

    /// <summary>Checks the numbers.</summary>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal static void ThrowIfInvalid(AttentionShape shape)
    {
        if (shape.KeyValueHeads < 1 || shape.Heads < 1 || shape.Heads % shape.KeyValueHeads != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(shape), $"Attention has {shape.Heads} heads over {shape.KeyValueHeads} key heads, expected a positive multiple.");
        }

        if (shape.HeadDim < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(shape), $"Head dimension is {shape.HeadDim}, expected 1 or more.");
        }

        if (!float.IsFinite(shape.Scale))
        {
            throw new ArgumentOutOfRangeException(nameof(shape), $"Scale of attention is {shape.Scale}, expected a finite number.");
        }

        if (shape.SlidingWindow < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(shape), $"Sliding window is {shape.SlidingWindow} keys, expected 1 or more.");
        }
    }
}
