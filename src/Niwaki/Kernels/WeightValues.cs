using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Stored elements as float32 numbers.</summary>
public static unsafe class WeightValues
{
    /// <summary>Rounds float32 numbers to the elements of a stored tensor: to nearest, ties to even; beyond the range ∞.</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="elementType">Element type of the tensor.</param>
    /// <param name="destination">Little-endian bytes of as many elements, written.</param>
    /// <exception cref="ShapeMismatchException">The destination has another length.</exception>
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

        var bytes = new ReadOnlySpan<byte>(matrix.RowPointer(row), checked((int)matrix.RowBytes));
        switch (matrix.ElementType)
        {
            case ElementType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case ElementType.BF16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Read<ushort>(bytes[(2 * i)..]) << 16);
                }

                break;
            default:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)MemoryMarshal.Read<Half>(bytes[(2 * i)..]);
                }

                break;
        }
    }

    /// <summary>Half of the last kept bit is added, a little less where the kept bit is even; NaN keeps a bit that makes it one.</summary>
    private static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
