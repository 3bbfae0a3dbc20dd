using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>The product of activations with packed weights: every linear of a model.</summary>
public static unsafe partial class MatMul
{
    /// <summary>More scratch than this is not taken for one pass over the weights; longer batches make several passes.</summary>
    private const long ScratchLimit = 64L << 20;

    /// <summary>Rows of a pass whatever the scratch limit: enough that the weights are read from memory at a fraction of the cost of the sums.</summary>
    private const int FewestRowsPerPass = 96;

    /// <summary>Computes Y = X · Wᵀ + bias, or adds it to Y.</summary>
    /// <remarks>
    /// Y[m, n] (+)= Σ_k X[m, k] · W[n, k] + bias[n]. Products and sums in float32 with fused multiply-adds, block by block of k (but see
    /// <see cref="PackedFormat.Int16"/>). A row has the same bits whatever the other rows of the batch, the number of threads and, with
    /// <see cref="PackedFormat.Stored"/>, the vector width. NaN and infinities spread as in the sum. The activations are packed in scratch
    /// memory of the team, at most about 64 MiB (<see cref="ThreadTeam.ScratchBytes"/>).
    /// </remarks>
    /// <param name="team">The threads.</param>
    /// <param name="x">X, [rows, inputs], float32, any row stride. Read only.</param>
    /// <param name="weights">W, [outputs, inputs], packed.</param>
    /// <param name="y">Y, [rows, outputs], float32, any row stride; must not overlap X. Nothing beside the view is written.</param>
    /// <param name="accumulate">Whether the product is added to Y.</param>
    /// <param name="bias">[outputs], added to every row; empty for none.</param>
    /// <exception cref="ShapeMismatchException">X has another width than the weights, Y another shape than [rows, outputs], or the bias another length.</exception>
    /// <exception cref="ObjectDisposedException">The weights or the team were disposed of.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job.</exception>
    public static void Apply(
        ThreadTeam team, TensorView<float> x, PackedWeights weights, TensorView<float> y, bool accumulate = false, ReadOnlySpan<float> bias = default)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(weights);
        weights.ThrowIfDisposed();
        Check(x, weights, y, bias);
        if (y.Rows == 0 || y.Columns == 0)
        {
            return;
        }

        bool int16 = weights.Format == PackedFormat.Int16;
        int rowsPerPass = RowsPerPass(weights);
        fixed (float* biasPointer = bias)
        {
            for (int first = 0; first < x.Rows; first += Math.Min(rowsPerPass, x.Rows - first))
            {
                int rows = Math.Min(rowsPerPass, x.Rows - first);
                TensorView<float> xPart = x.SliceRows(first, rows);
                TensorView<float> yPart = y.SliceRows(first, rows);
                team.Run(int16
                    ? new Int16Product(team, xPart, weights, yPart, biasPointer, accumulate)
                    : new FloatProduct(team, xPart, weights, yPart, biasPointer, accumulate));
            }
        }
    }

    /// <summary>The most rows that are multiplied in one pass over the weights, a multiple of the tile height.</summary>
    internal static int RowsPerPass(PackedWeights weights)
    {
        long rowBytes = weights.Format == PackedFormat.Int16 ? Int16Product.RowScratchBytes(weights) : FloatProduct.RowScratchBytes(weights);
        int rows = (int)Math.Clamp(ScratchLimit / Math.Max(1, rowBytes), FewestRowsPerPass, int.MaxValue);
        return rows - (rows % MicroKernel.MaximumRows);
    }

    private static void Check(TensorView<float> x, PackedWeights weights, TensorView<float> y, ReadOnlySpan<float> bias)
    {
        if (x.Columns != weights.Inputs)
        {
            throw new ShapeMismatchException(nameof(x), x.ToString(), FormattableString.Invariant($"[rows, {weights.Inputs}]"));
        }

        if (y.Rows != x.Rows || y.Columns != weights.Outputs)
        {
            throw new ShapeMismatchException(nameof(y), y.ToString(), FormattableString.Invariant($"[{x.Rows}, {weights.Outputs}]"));
        }

        if (bias.Length != 0 && bias.Length != weights.Outputs)
        {
            throw new ShapeMismatchException(
                nameof(bias), FormattableString.Invariant($"[{bias.Length}]"), FormattableString.Invariant($"[{weights.Outputs}] or none"));
        }
    }
}
