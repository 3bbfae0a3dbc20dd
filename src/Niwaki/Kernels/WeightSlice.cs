using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>A stored matrix, or what is left of it after some of its rows and columns were dropped.</summary>
/// <param name="Matrix">W, [outputs, inputs], F32, F16 or BF16, of any alignment; read while packing only.</param>
/// <param name="KeptRows">Rows to take, in this order; null takes all.</param>
/// <param name="KeptColumns">Columns to take, in this order; null takes all.</param>
public readonly record struct WeightSlice(WeightView Matrix, int[]? KeptRows = null, int[]? KeptColumns = null)
{
    /// <summary>Rows taken.</summary>
    public int Outputs => KeptRows?.Length ?? Matrix.Rows;

    /// <summary>Columns taken.</summary>
    public int Inputs => KeptColumns?.Length ?? Matrix.Columns;
}
