using System.Buffers.Binary;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Stored elements as float32 numbers.</summary>
public static unsafe class WeightValues
{
    /// <summary>Rounds float32 numbers to the elements of a stored tensor: to nearest, ties to even; beyond the range ∞.</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="elementType">Element type of the tensor: F32, F16 or BF16.</param>
    /// <param name="destination">Little-endian bytes of as many elements, written.</param>
    /// <exception cref="ShapeMismatchException">The destination has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The element type is none of these.</exception>
    public static void Narrow(ReadOnlySpan<float> values, ElementType elementType, Span<byte> destination)
    {
        if (destination.Length != (long)values.Length * elementType.SizeInBytes())
        {
            throw new ShapeMismatchException(nameof(destination), $"[{destination.Length}]", $"[{(long)values.Length * elementType.SizeInBytes()}]");
        }

        for (int i = 0; i < values.Length; i++)
        {
            switch (elementType)
            {
                case ElementType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(destination[(4 * i)..], values[i]);
                    break;
                case ElementType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], ToBF16(values[i]));
                    break;
                default:
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)values[i]);
                    break;
            }
        }
    }

    /// <summary>Widens one row of a stored matrix to float32, exactly.</summary>
    /// <param name="matrix">Stored matrix, [rows, columns].</param>
    /// <param name="row">0 to rows - 1.</param>
    /// <param name="destination">[columns], written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The matrix has no such row.</exception>
    /// <exception cref="ShapeMismatchException">The destination has another length than a row.</exception>
    public static void Widen(WeightView matrix, int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)matrix.Rows, nameof(row));
        if (destination.Length != matrix.Columns)
        {
            throw new ShapeMismatchException(nameof(destination), $"[{destination.Length}]", $"[{matrix.Columns}]");
        }

        fixed (float* target = destination)
        {
            RowWidening.Widen(matrix.RowPointer(row), matrix.ElementType, target, destination.Length);
        }
    }

    /// <summary>Half of the last kept bit is added, a little less where the kept bit is even; NaN keeps a bit that makes it one.</summary>
    private static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
