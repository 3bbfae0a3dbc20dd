using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of a stored table as float32.</summary>
/// <param name="Table">[vocabulary, width].</param>
/// <param name="Ids">Row of the table for each row of <paramref name="Y"/>, checked.</param>
/// <param name="Y">[rows, width].</param>
internal readonly unsafe record struct EmbeddingKernel(WeightView Table, nint Ids, TensorView<float> Y) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            RowWidening.Widen(Table.RowPointer(((int*)Ids)[row]), Table.ElementType, Y.RowPointer(row), Y.Columns);
        }
    }
}
