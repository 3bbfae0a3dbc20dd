using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Chunks of rows whose squared differences are summed.</summary>
/// <param name="X">[rows, columns].</param>
/// <param name="Target">[rows, columns].</param>
/// <param name="Gradient">[rows, columns], added to; null: none.</param>
/// <param name="Factor">What a difference adds to the gradient.</param>
/// <param name="RowsOfChunk">Rows of a chunk.</param>
/// <param name="Sums">One sum for each chunk, written.</param>
internal readonly unsafe record struct SquaredErrorKernel(
    TensorView<float> X, TensorView<float> Target, TensorView<float>? Gradient, float Factor, int RowsOfChunk, double[] Sums) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int chunk = first; chunk < end; chunk++)
        {
            double sum = 0;
            int last = Math.Min(X.Rows, (chunk + 1) * RowsOfChunk);
            for (int row = chunk * RowsOfChunk; row < last; row++)
            {
                sum += Row(row);
            }

            Sums[chunk] = sum;
        }
    }

    private double Row(int row)
    {
        float* x = X.RowPointer(row);
        float* target = Target.RowPointer(row);
        float* gradient = Gradient is { } view ? view.RowPointer(row) : null;
        double sum = 0;
        for (int i = 0; i < X.Columns; i++)
        {
            float difference = x[i] - target[i];
            sum += (double)difference * difference;
            if (gradient is not null)
            {
                gradient[i] += Factor * difference;
            }
        }

        return sum;
    }
}
