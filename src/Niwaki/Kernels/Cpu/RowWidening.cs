using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Stored numbers side by side as floats, exactly.</summary>
internal static unsafe class RowWidening
{
    /// <summary>Widens stored numbers; the source need not be aligned.</summary>
    /// <remarks>Eight 16-bit numbers are read before the floats in their place are written, so the source may be the end of the target.</remarks>
    /// <param name="source">The first number; of <see cref="ElementType.Q8_0"/> the first block.</param>
    /// <param name="type">Their encoding.</param>
    /// <param name="target">[count], written.</param>
    /// <param name="count">Numbers; of <see cref="ElementType.Q8_0"/> a multiple of its block.</param>
    public static void Widen(byte* source, ElementType type, float* target, int count)
    {
        switch (type)
        {
            case ElementType.F32:
                new ReadOnlySpan<byte>(source, count * sizeof(float)).CopyTo(new Span<byte>(target, count * sizeof(float)));
                break;
            case ElementType.BF16:
                WidenBF16((ushort*)source, target, count);
                break;
            case ElementType.F16:
                WidenF16((ushort*)source, target, count);
                break;
            default:
                WidenQ8(source, target, count);
                break;
        }
    }

    /// <summary>One number of a row of <see cref="ElementType.Q8_0"/>.</summary>
    public static float Q8At(byte* row, int column)
    {
        byte* block = row + (column / ElementTypes.Q8BlockLength * ElementTypes.Q8BlockBytes);
        return Q8Scale(block) * (sbyte)block[sizeof(ushort) + (column % ElementTypes.Q8BlockLength)];
    }

    private static float Q8Scale(byte* block) => (float)Unsafe.ReadUnaligned<Half>(block);

    private static void WidenBF16(ushort* source, float* target, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load(source + i));
            (low << 16).AsSingle().Store(target + i);
            (high << 16).AsSingle().Store(target + i + 4);
        }

        for (; i < count; i++)
        {
            target[i] = BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(source + i) << 16);
        }
    }

    private static void WidenF16(ushort* source, float* target, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load(source + i));
            HalfWidening.Widen(low).Store(target + i);
            HalfWidening.Widen(high).Store(target + i + 4);
        }

        for (; i < count; i++)
        {
            target[i] = (float)Unsafe.ReadUnaligned<Half>(source + i);
        }
    }

    private static void WidenQ8(byte* source, float* target, int count)
    {
        for (int i = 0; i < count; i += ElementTypes.Q8BlockLength)
        {
            Vector256<float> scale = Vector256.Create(Q8Scale(source));
            for (int j = 0; j < ElementTypes.Q8BlockLength; j += Vector256<float>.Count)
            {
                (scale * Vector256Path.WidenBytes((sbyte*)source + sizeof(ushort) + j)).Store(target + i + j);
            }

            source += ElementTypes.Q8BlockBytes;
        }
    }
}
