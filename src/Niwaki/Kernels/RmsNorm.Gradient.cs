using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

public static unsafe partial class RmsNorm
{
    /// <summary>The gradients of a whole-row normalisation.</summary>
    /// <remarks>
    /// With r = 1 / sqrt(mean_j x[j]² + ε): dx[i] (+)= r · w[i] · dy[i] - r³ · x[i] · mean_j(dy[j] · w[j] · x[j]) and dw[i] += Σ_rows dy[i] · x[i] · r.
    /// float32; the sums over rows in chunks of 64 whose results are added in order. Same bits for any number of threads at one vector width.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, width]: what was normalised.</param>
    /// <param name="weight">w, [width].</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <param name="outputGradient">dY, [rows, width].</param>
    /// <param name="inputGradient">dX, [rows, width], written or added to; the memory of dY or other memory.</param>
    /// <param name="weightGradient">dw, [width], added to; empty where the weight is not trained.</param>
    /// <param name="accumulate">Whether the gradient is added to dX.</param>
    /// <exception cref="ShapeMismatchException">A view or vector has another shape than X asks for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">ε is negative or not finite.</exception>
    /// <exception cref="ArgumentException">dX overlaps X, or dY in part.</exception>
    public static void Gradient(
        ThreadTeam team,
        TensorView<float> x,
        ReadOnlySpan<float> weight,
        float epsilon,
        TensorView<float> outputGradient,
        TensorView<float> inputGradient,
        Span<float> weightGradient,
        bool accumulate = false)
    {
        ArgumentNullException.ThrowIfNull(team);
        ThrowIfInvalid(x.Columns, weight, epsilon);
        Gradient(team, x, x.Columns, weight, epsilon, outputGradient, inputGradient, weightGradient, accumulate);
    }

    /// <summary>The gradients of <see cref="ApplyPerHead"/>: as those of whole rows, with every head for a row.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, heads·headDim]: what was normalised.</param>
    /// <param name="headDim">Elements of a head, 1 or more.</param>
    /// <param name="weight">w, [headDim], the same for every head.</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <param name="outputGradient">dY, [rows, heads·headDim].</param>
    /// <param name="inputGradient">dX, [rows, heads·headDim], written; the memory of dY or other memory.</param>
    /// <param name="weightGradient">dw, [headDim], added to; empty where the weight is not trained.</param>
    /// <exception cref="ShapeMismatchException">The columns are no multiple of the head dimension, or a view or vector has another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The head dimension is not positive, or ε is negative or not finite.</exception>
    /// <exception cref="ArgumentException">dX overlaps X, or dY in part.</exception>
    public static void GradientPerHead(
        ThreadTeam team,
        TensorView<float> x,
        int headDim,
        ReadOnlySpan<float> weight,
        float epsilon,
        TensorView<float> outputGradient,
        TensorView<float> inputGradient,
        Span<float> weightGradient)
    {
        ArgumentNullException.ThrowIfNull(team);
        HeadShape.ThrowIfNotHeads(x, headDim, nameof(x));
        ThrowIfInvalid(headDim, weight, epsilon);
        Gradient(team, x, headDim, weight, epsilon, outputGradient, inputGradient, weightGradient, accumulate: false);
    }

    private static void Gradient(
        ThreadTeam team,
        TensorView<float> x,
        int width,
        ReadOnlySpan<float> weight,
        float epsilon,
        TensorView<float> outputGradient,
        TensorView<float> inputGradient,
        Span<float> weightGradient,
        bool accumulate)
    {
        ThrowIfNotShapeOf(x, outputGradient, nameof(outputGradient));
        ThrowIfNotShapeOf(x, inputGradient, nameof(inputGradient));
        if (weightGradient.Length != 0 && weightGradient.Length != width)
        {
            throw new ShapeMismatchException(nameof(weightGradient), $"[{weightGradient.Length}]", $"[{width}]");
        }

        MemoryOverlap.ThrowIfShared(x, inputGradient, nameof(inputGradient));
        MemoryOverlap.ThrowIfPartial(outputGradient, inputGradient, nameof(inputGradient));
        if (x.Rows == 0 || width == 0)
        {
            return;
        }

        int chunks = RmsNormGradientKernel.Chunks(x.Rows);
        float* partial = (float*)team.Scratch(sizeof(float) * (long)chunks * width);
        fixed (float* w = weight, dw = weightGradient)
        {
            team.For(chunks, 1, new RmsNormGradientKernel(x, outputGradient, inputGradient, (nint)w, (nint)partial, width, epsilon, accumulate));
            if (weightGradient.Length == 0)
            {
                return;
            }

            team.For(width, width, new ColumnSumKernel(new TensorView<float>(partial, chunks, width, width), (nint)dw));
        }
    }

    private static void ThrowIfNotShapeOf(TensorView<float> x, TensorView<float> view, string name)
    {
        if (view.Rows != x.Rows || view.Columns != x.Columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), x.ToString());
        }
    }
}
