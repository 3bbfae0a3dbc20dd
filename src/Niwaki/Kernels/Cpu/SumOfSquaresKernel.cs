using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Chunks of rows whose squares are summed.</summary>
/// <param name="X">[rows, columns].</param>
/// <param name="RowsOfChunk">Rows of a chunk.</param>
/// <param name="Sums">One sum for each chunk, written.</param>
internal readonly unsafe record struct SumOfSquaresKernel(TensorView<float> X, int RowsOfChunk, double[] Sums) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int chunk = first; chunk < end; chunk++)
        {
            double sum = 0;
            int last = Math.Min(X.Rows, (chunk + 1) * RowsOfChunk);
            for (int row = chunk * RowsOfChunk; row < last; row++)
            {
                sum += Row(X.RowPointer(row), X.Columns);
            }

            Sums[chunk] = sum;
        }
    }

    private static double Row(float* x, int count)
    {
        Vector<double> even = default;
        Vector<double> odd = default;
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(x + i), out Vector<double> low, out Vector<double> high);
            even += low * low;
            odd += high * high;
        }

        double sum = Vector.Sum(even + odd);
        for (; i < count; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }
}
