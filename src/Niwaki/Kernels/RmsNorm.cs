using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich, 2019, equation 4).</summary>
/// <remarks>
/// y[i] = x[i] / sqrt(mean_j x[j]² + ε) · w[i]. float32, the sum of squares in several float32 partial sums added in a fixed order: a row's
/// result depends on the row and the vector width alone. A NaN makes its row NaN; squares that overflow make it 0 (and ∞ there NaN).
/// </remarks>
public static unsafe partial class RmsNorm
{
    /// <summary>Normalises every row.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, width].</param>
    /// <param name="weight">w, [width].</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <param name="y">Y, [rows, width]; the same memory as X, or other memory.</param>
    /// <exception cref="ShapeMismatchException">The weight has not one value for each column, or Y not the shape of X.</exception>
    /// <exception cref="ArgumentOutOfRangeException">ε is negative or not finite.</exception>
    /// <exception cref="ArgumentException">Y overlaps X in part.</exception>
    public static void Apply(ThreadTeam team, TensorView<float> x, ReadOnlySpan<float> weight, float epsilon, TensorView<float> y)
    {
        ArgumentNullException.ThrowIfNull(team);
        ThrowIfInvalid(x.Columns, weight, epsilon);
        if (y.Rows != x.Rows || y.Columns != x.Columns)
        {
            throw new ShapeMismatchException(nameof(y), y.ToString(), x.ToString());
        }

        MemoryOverlap.ThrowIfPartial(x, y, nameof(y));
        fixed (float* w = weight)
        {
            team.For(x.Rows, RowChunk.Rows(x.Columns), new RmsNormKernel(
                (nint)x.Pointer, x.RowStride, (nint)y.Pointer, y.RowStride, (nint)w, Groups: 1, x.Columns, epsilon));
        }
    }

    /// <summary>Normalises every head of every row on its own, in place (the query and key norms of Qwen 3).</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, heads·headDim], read and written.</param>
    /// <param name="headDim">Elements of a head, 1 or more.</param>
    /// <param name="weight">w, [headDim], the same for every head.</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <exception cref="ShapeMismatchException">The columns are no multiple of the head dimension, or the weight has another length than it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The head dimension is not positive, or ε is negative or not finite.</exception>
    public static void ApplyPerHead(ThreadTeam team, TensorView<float> x, int headDim, ReadOnlySpan<float> weight, float epsilon)
    {
        ArgumentNullException.ThrowIfNull(team);
        HeadShape.ThrowIfNotHeads(x, headDim, nameof(x));
        ThrowIfInvalid(headDim, weight, epsilon);
        fixed (float* w = weight)
        {
            team.For(x.Rows, RowChunk.Rows(x.Columns), new RmsNormKernel(
                (nint)x.Pointer, x.RowStride, (nint)x.Pointer, x.RowStride, (nint)w, x.Columns / headDim, headDim, epsilon));
        }
    }

    private static void ThrowIfInvalid(int width, ReadOnlySpan<float> weight, float epsilon)
    {
        if (weight.Length != width)
        {
            throw new ShapeMismatchException(nameof(weight), $"[{weight.Length}]", $"[{width}]");
        }

        if (!(epsilon >= 0 && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"Epsilon of the RMS norm is {epsilon}, expected 0 or more and finite.");
        }
    }
}
