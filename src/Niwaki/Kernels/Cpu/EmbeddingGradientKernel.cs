using System.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Columns of a table to whose rows the rows of a gradient are added: a member owns its columns, so no two meet.</summary>
/// <param name="Ids">Row of the table for each row of the gradient, checked.</param>
/// <param name="OutputGradient">[rows, width].</param>
/// <param name="TableGradient">[vocabulary, width], added to.</param>
internal readonly unsafe record struct EmbeddingGradientKernel(nint Ids, TensorView<float> OutputGradient, TensorView<float> TableGradient) : IForBody
{
    /// <summary>Four cache lines of a row: as few as keep the processor's prefetching going.</summary>
    public const int ColumnsOfTicket = 64;

    public void Execute(int first, int end)
    {
        for (int row = 0; row < OutputGradient.Rows; row++)
        {
            float* from = OutputGradient.RowPointer(row);
            float* to = TableGradient.RowPointer(((int*)Ids)[row]);
            int i = first;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Store(Vector.Load(to + i) + Vector.Load(from + i), to + i);
            }

            for (; i < end; i++)
            {
                to[i] += from[i];
            }
        }
    }
}
