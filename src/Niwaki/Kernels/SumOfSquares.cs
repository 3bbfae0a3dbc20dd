using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>The sum of the squares of a matrix: the square of its Frobenius norm.</summary>
public static class SumOfSquares
{
    /// <summary>Σ x².</summary>
    /// <remarks>Squares and sums in float64, in chunks of rows that follow from the shape: same bits for any number of threads. NaN and ∞ spread.</remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, columns]. Read only.</param>
    public static double Of(ThreadTeam team, TensorView<float> x)
    {
        ArgumentNullException.ThrowIfNull(team);
        int rows = RowChunk.Rows(x.Columns);
        double[] chunks = new double[(int)(((long)x.Rows + rows - 1) / rows)];
        team.For(chunks.Length, 1, new SumOfSquaresKernel(x, rows, chunks));
        double sum = 0;
        foreach (double chunk in chunks)
        {
            sum += chunk;
        }

        return sum;
    }
}
