using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>One side of a product of matrices that lie in memory as they are used, not packed.</summary>
/// <param name="Memory">The matrix as it is stored, float32.</param>
/// <param name="Transposed">Whether the rows in memory are the steps of the shared dimension (else they are the rows or columns of the product).</param>
internal readonly record struct MatrixOperand(TensorView<float> Memory, bool Transposed)
{
    /// <summary>Rows (left side) or columns (right side) of the product.</summary>
    public int Extent => Transposed ? Memory.Columns : Memory.Rows;

    /// <summary>The shared dimension, K.</summary>
    public int Depth => Transposed ? Memory.Rows : Memory.Columns;

    /// <summary>A part of the operand.</summary>
    public MatrixOperand Slice(int first, int count, int firstStep, int steps) => this with
    {
        Memory = Transposed
            ? Memory.SliceRows(firstStep, steps).SliceColumns(first, count)
            : Memory.SliceRows(first, count).SliceColumns(firstStep, steps),
    };
}
