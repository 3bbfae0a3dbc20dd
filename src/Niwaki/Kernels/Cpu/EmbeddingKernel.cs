using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
            Widen(Table.RowPointer(((int*)Ids)[row]), Table.ElementType, Y.RowPointer(row), Y.Columns);
        }
    }

    /// <summary>Widens stored values; the source need not be aligned.</summary>
    internal static void Widen(byte* source, ElementType type, float* target, int count)
    {
        switch (type)
        {
            case ElementType.F32:
                new ReadOnlySpan<byte>(source, count * sizeof(float)).CopyTo(new Span<byte>(target, count * sizeof(float)));
                break;
            case ElementType.BF16:
                WidenBF16(source, target, count);
                break;
            default:
                WidenF16(source, target, count);
                break;
        }
    }

    private static void WidenBF16(byte* source, float* target, int count)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
            {
                (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load((ushort*)(source + (2 * i))));
                Vector128.ShiftLeft(low, 16).AsSingle().Store(target + i);
                Vector128.ShiftLeft(high, 16).AsSingle().Store(target + i + 4);
            }
        }

        for (; i < count; i++)
        {
            target[i] = BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(source + (2 * i)) << 16);
        }
    }

    private static void WidenF16(byte* source, float* target, int count)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
            {
                (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load((ushort*)(source + (2 * i))));
                WidenF16(low).Store(target + i);
                WidenF16(high).Store(target + i + 4);
            }
        }

        for (; i < count; i++)
        {
            target[i] = (float)Unsafe.ReadUnaligned<Half>(source + (2 * i));
        }
    }

    private static Vector128<float> WidenF16(Vector128<uint> half)
    {
        // The exponent of binary16 has bias 15, that of binary32 has 127: the shifted bits are the value times 2^-112, subnormals included.
        Vector128<uint> magnitude = Vector128.ShiftLeft(half & Vector128.Create(0x7FFFu), 13);
        Vector128<uint> finite = (magnitude.AsSingle() * Vector128.Create(239u << 23).AsSingle()).AsUInt32(); // 2^112
        Vector128<uint> special = magnitude | Vector128.Create(0x7F800000u); // ∞ and NaN keep their payload
        Vector128<uint> isSpecial = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(0x7C00u << 13));
        Vector128<uint> sign = Vector128.ShiftLeft(half & Vector128.Create(0x8000u), 16);
        return (Vector128.ConditionalSelect(isSpecial, special, finite) | sign).AsSingle();
    }
}
