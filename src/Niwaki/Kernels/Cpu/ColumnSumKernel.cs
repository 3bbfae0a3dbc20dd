using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Columns of which the sum over all rows is added to a vector; each column in the order of the rows.</summary>
/// <param name="X">[rows, columns].</param>
/// <param name="Sums">[columns], added to.</param>
internal readonly unsafe record struct ColumnSumKernel(TensorView<float> X, nint Sums) : IForBody
{
    public void Execute(int first, int end)
    {
        float* sums = (float*)Sums;
        for (int row = 0; row < X.Rows; row++)
        {
            float* x = X.RowPointer(row);
            int i = first;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Store(Vector.Load(sums + i) + Vector.Load(x + i), sums + i);
            }

            for (; i < end; i++)
            {
                sums[i] += x[i];
            }
        }
    }
}
