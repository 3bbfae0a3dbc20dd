using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>More steps of the shared dimension are summed in several passes; a multiple of every block of it.</summary>
    private const int StepsPerPass = 16384;

    /// <summary>Fewest columns of a pass: a multiple of every panel.</summary>
    private const int FewestColumnsPerPass = 256;

    /// <summary>Columns of which one member takes the sums: a few cache lines of every row.</summary>
    private const int BiasColumns = 64;

    /// <summary>Computes Y = X · Wᵀ + bias with weights as they lie in memory, or adds it to Y: for weights that change after every use.</summary>
    /// <remarks>
    /// Both matrices are packed in scratch memory of the team, about 128 MiB at most. Up to 16,384 inputs the sums are those of packed weights, bit for bit;
    /// the same bits for any number of threads. NaN and infinities spread as in the sum.
    /// </remarks>
    /// <param name="team">The threads.</param>
    /// <param name="x">X, [rows, inputs], float32, any row stride. Read only.</param>
    /// <param name="weights">W, [outputs, inputs], float32, any row stride. Read only.</param>
    /// <param name="y">Y, [rows, outputs]; overlaps neither X nor W.</param>
    /// <param name="accumulate">Whether the product is added to Y.</param>
    /// <param name="bias">[outputs], added to every row; empty for none.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">Y overlaps X or W.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job.</exception>
    public static void Apply(
        ThreadTeam team, TensorView<float> x, TensorView<float> weights, TensorView<float> y, bool accumulate = false, ReadOnlySpan<float> bias = default)
    {
        ThrowIfNotShape(y, x.Rows, weights.Rows, nameof(y));
        ThrowIfNotShape(x, y.Rows, weights.Columns, nameof(x));
        if (bias.Length != 0 && bias.Length != weights.Rows)
        {
            throw new ShapeMismatchException(nameof(bias), $"[{bias.Length}]", $"[{weights.Rows}] or none");
        }

        fixed (float* biasPointer = bias)
        {
            Multiply(team, new MatrixOperand(x, false), new MatrixOperand(weights, false), y, biasPointer, accumulate);
        }
    }

    /// <summary>The gradient of the inputs of Y = X · Wᵀ: dX = dY · W, or adds it to dX.</summary>
    /// <remarks>dX[m, k] (+)= Σ_n dY[m, n] · W[n, k], float32. Same bits for any number of threads.</remarks>
    /// <param name="team">The threads.</param>
    /// <param name="outputGradient">dY, [rows, outputs]. Read only.</param>
    /// <param name="weights">W, [outputs, inputs]. Read only.</param>
    /// <param name="inputGradient">dX, [rows, inputs], written; overlaps neither of the others.</param>
    /// <param name="accumulate">Whether the gradient is added to dX.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">dX overlaps dY or W.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job.</exception>
    public static void InputGradient(
        ThreadTeam team, TensorView<float> outputGradient, TensorView<float> weights, TensorView<float> inputGradient, bool accumulate = false)
    {
        ThrowIfNotShape(outputGradient, inputGradient.Rows, weights.Rows, nameof(outputGradient));
        ThrowIfNotShape(inputGradient, outputGradient.Rows, weights.Columns, nameof(inputGradient));
        Multiply(team, new MatrixOperand(outputGradient, false), new MatrixOperand(weights, true), inputGradient, null, accumulate);
    }

    /// <summary>Adds the gradient of the weights of Y = X · Wᵀ: dW += dYᵀ · X.</summary>
    /// <remarks>dW[n, k] += Σ_m dY[m, n] · X[m, k], float32, rows in blocks of up to 256 in their order. Same bits for any number of threads.</remarks>
    /// <param name="team">The threads.</param>
    /// <param name="outputGradient">dY, [rows, outputs]. Read only.</param>
    /// <param name="x">X, [rows, inputs]. Read only.</param>
    /// <param name="weightGradient">dW, [outputs, inputs], added to; overlaps neither of the others.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">dW overlaps dY or X.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job.</exception>
    public static void WeightGradient(ThreadTeam team, TensorView<float> outputGradient, TensorView<float> x, TensorView<float> weightGradient)
    {
        ThrowIfNotShape(x, outputGradient.Rows, weightGradient.Columns, nameof(x));
        ThrowIfNotShape(weightGradient, outputGradient.Columns, x.Columns, nameof(weightGradient));
        Multiply(team, new MatrixOperand(outputGradient, true), new MatrixOperand(x, true), weightGradient, null, accumulate: true);
    }

    /// <summary>Adds the gradient of the bias of Y = X · Wᵀ + bias: db += Σ_m dY[m].</summary>
    /// <remarks>float32, rows in their order. Same bits for any number of threads.</remarks>
    /// <param name="team">The threads.</param>
    /// <param name="outputGradient">dY, [rows, outputs]. Read only.</param>
    /// <param name="biasGradient">db, [outputs], added to.</param>
    /// <exception cref="ShapeMismatchException">db has not one element for each output.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job.</exception>
    public static void BiasGradient(ThreadTeam team, TensorView<float> outputGradient, Span<float> biasGradient)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (biasGradient.Length != outputGradient.Columns)
        {
            throw new ShapeMismatchException(nameof(biasGradient), $"[{biasGradient.Length}]", $"[{outputGradient.Columns}]");
        }

        fixed (float* target = biasGradient)
        {
            team.For(outputGradient.Columns, BiasColumns, new ColumnSumKernel(outputGradient, (nint)target));
        }
    }

    /// <summary>Y (+)= left · rightᵀ (+ bias), in passes that bound the scratch memory. The cut follows from the shapes alone.</summary>
    private static void Multiply(ThreadTeam team, MatrixOperand left, MatrixOperand right, TensorView<float> y, float* bias, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(team);
        MemoryOverlap.ThrowIfShared(left.Memory, y, nameof(y));
        MemoryOverlap.ThrowIfShared(right.Memory, y, nameof(y));
        if (y.Rows == 0 || y.Columns == 0)
        {
            return;
        }

        int depth = left.Depth;
        int steps = Math.Min(StepsPerPass, Math.Max(1, depth));
        int rows = (int)Math.Clamp(ScratchLimit / sizeof(float) / steps, FewestRowsPerPass, int.MaxValue) / MicroKernel.MaximumRows * MicroKernel.MaximumRows;
        int columns = (int)Math.Clamp(ScratchLimit / sizeof(float) / steps, FewestColumnsPerPass, int.MaxValue) / FewestColumnsPerPass * FewestColumnsPerPass;
        for (int column = 0; column < y.Columns; column += Math.Min(columns, y.Columns - column))
        {
            int columnCount = Math.Min(columns, y.Columns - column);
            for (int row = 0; row < y.Rows; row += Math.Min(rows, y.Rows - row))
            {
                int rowCount = Math.Min(rows, y.Rows - row);
                TensorView<float> part = y.SliceRows(row, rowCount).SliceColumns(column, columnCount);
                int step = 0;
                do
                {
                    int stepCount = Math.Min(steps, depth - step);
                    UnpackedProduct.Run(
                        team,
                        left.Slice(row, rowCount, step, stepCount),
                        right.Slice(column, columnCount, step, stepCount),
                        part,
                        bias is null || step > 0 ? null : bias + column,
                        accumulate || step > 0);
                    step += stepCount;
                }
                while (step < depth);
            }
        }
    }

    private static void ThrowIfNotShape(TensorView<float> view, int rows, int columns, string name)
    {
        if (view.Rows != rows || view.Columns != columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), $"[{rows}, {columns}]");
        }
    }
}
