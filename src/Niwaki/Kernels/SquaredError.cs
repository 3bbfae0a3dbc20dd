using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>How far one matrix is from another, with the gradient.</summary>
public static class SquaredError
{
    /// <summary>Σ (x - target)², and adds factor · (x - target) to a gradient.</summary>
    /// <remarks>Sums in float64, in chunks of rows that follow from the shape: same bits for any number of threads. NaN and ∞ spread.</remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, columns]. Read only.</param>
    /// <param name="target">[rows, columns]. Read only.</param>
    /// <param name="factor">Factor of the gradient, finite: 2 / elements for that of the mean square.</param>
    /// <param name="gradient">[rows, columns], added to; null: only the sum is wanted.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static double Of(ThreadTeam team, TensorView<float> x, TensorView<float> target, float factor = 0, TensorView<float>? gradient = null)
    {
        ArgumentNullException.ThrowIfNull(team);
        ThrowIfNotShapeOf(x, target, nameof(target));
        if (gradient is { } given)
        {
            ThrowIfNotShapeOf(x, given, nameof(gradient));
        }

        int rows = RowChunk.Rows(x.Columns);
        double[] chunks = new double[(int)(((long)x.Rows + rows - 1) / rows)];
        team.For(chunks.Length, 1, new SquaredErrorKernel(x, target, gradient, factor, rows, chunks));
        double sum = 0;
        foreach (double chunk in chunks)
        {
            sum += chunk;
        }

        return sum;
    }

    private static void ThrowIfNotShapeOf(TensorView<float> x, TensorView<float> view, string name)
    {
        if (view.Rows != x.Rows || view.Columns != x.Columns)
        {
            throw new ShapeMismatchException(name, view.ToString(), x.ToString());
        }
    }
}
