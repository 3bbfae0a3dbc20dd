using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Elements set to 0 at random, the others enlarged so that the mean stays (Srivastava et al., 2014).</summary>
public static class Dropout
{
    /// <summary>Parts that a rate is rounded to: 2^16.</summary>
    public const int RateSteps = 1 << 16;

    /// <summary>Y = factor · M ∘ X / (1 - p), or adds it to Y; M is 0 with probability p, else 1.</summary>
    /// <remarks>
    /// M depends on the seed, the row and the column alone: the same call with gradients for X gives the gradients. The rate is rounded to 1/65,536.
    /// float32. Same bits for any number of threads.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, columns], any row stride. Read only.</param>
    /// <param name="y">Y, [rows, columns], written or added to; other memory than X, or the same.</param>
    /// <param name="rate">p, 0 to below 1; 0 leaves all elements.</param>
    /// <param name="factor">Factor, finite.</param>
    /// <param name="seed">Decides M.</param>
    /// <param name="accumulate">Whether the result is added to Y.</param>
    /// <exception cref="ShapeMismatchException">X and Y have different shapes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate is outside its range.</exception>
    /// <exception cref="ArgumentException">Y overlaps X in part.</exception>
    public static void Apply(ThreadTeam team, TensorView<float> x, TensorView<float> y, double rate, float factor, long seed, bool accumulate = false)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (y.Rows != x.Rows || y.Columns != x.Columns)
        {
            throw new ShapeMismatchException(nameof(y), y.ToString(), x.ToString());
        }

        if (!(rate is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, $"Rate of dropout is {rate}, expected 0 to below 1.");
        }

        MemoryOverlap.ThrowIfPartial(x, y, nameof(y));
        int dropped = Math.Min((int)Math.Round(rate * RateSteps), RateSteps - 1);
        float kept = (float)(factor * (double)RateSteps / (RateSteps - dropped));
        team.For(x.Rows, RowChunk.Rows(x.Columns), new DropoutKernel(x, y, (uint)dropped, kept, unchecked((ulong)seed), accumulate));
    }
}
