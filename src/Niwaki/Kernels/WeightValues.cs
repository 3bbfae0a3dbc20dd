using System.Runtime.InteropServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Stored elements as float32 numbers.</summary>
public static unsafe class WeightValues
{
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
}
