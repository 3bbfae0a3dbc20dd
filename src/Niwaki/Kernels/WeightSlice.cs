using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>A stored matrix, or what is left of it after some of its rows and columns were dropped.</summary>
/// <param name="Matrix">W, [outputs, inputs], of any element type and alignment; read while packing only.</param>
/// <param name="KeptRows">Rows to take, in this order; null takes all.</param>
/// <param name="KeptColumns">Columns to take, in this order; null takes all.</param>
public readonly record struct WeightSlice(WeightView Matrix, int[]? KeptRows = null, int[]? KeptColumns = null)
{
    /// <summary>Rows taken.</summary>
    public int Outputs => KeptRows?.Length ?? Matrix.Rows;

    /// <summary>Columns taken.</summary>
    public int Inputs => KeptColumns?.Length ?? Matrix.Columns;

    /// <summary>
    /// The element type in which the numbers taken can be stored without loss: that of the matrix, but F32 where the columns taken of
    /// <see cref="ElementType.Q8_0"/> are not whole blocks, since such columns have no common scales.
    /// </summary>
    public ElementType PackedType => Matrix.ElementType == ElementType.Q8_0 && KeptColumns is not null && !AreWholeBlocks(KeptColumns) ? ElementType.F32 : Matrix.ElementType;

    /// <summary>The element type in which stacked matrices are packed: the <see cref="PackedType"/> that all have, or F32 where they differ.</summary>
    /// <param name="stacked">One matrix or more.</param>
    internal static ElementType CommonType(ReadOnlySpan<WeightSlice> stacked)
    {
        ElementType common = stacked[0].PackedType;
        foreach (WeightSlice slice in stacked)
        {
            if (slice.PackedType != common)
            {
                return ElementType.F32;
            }
        }

        return common;
    }

    private static bool AreWholeBlocks(int[] columns)
    {
        const int Length = ElementTypes.Q8BlockLength;
        for (int i = 0; i < columns.Length; i++)
        {
            if (i % Length == 0 ? columns[i] % Length != 0 : columns[i] != columns[i - 1] + 1)
            {
                return false;
            }
        }

        return columns.Length % Length == 0;
    }
}
