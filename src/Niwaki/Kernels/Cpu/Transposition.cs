using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Turns rows into columns.</summary>
internal static unsafe class Transposition
{
    /// <summary>target[c, r] = source[r, c].</summary>
    /// <param name="source">[rows, columns].</param>
    /// <param name="sourceStride">Elements from one row of the source to the next.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="target">[columns, rows].</param>
    /// <param name="targetStride">Elements from one row of the target to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, long sourceStride, int rows, int columns, float* target, long targetStride)
    {
        int row = 0;
        for (; row <= rows - 4; row += 4)
        {
            FourRows((uint*)(source + (row * sourceStride)), sourceStride, columns, (uint*)(target + row), targetStride);
        }

        for (; row <= rows - 2; row += 2)
        {
            TwoRows((uint*)(source + (row * sourceStride)), sourceStride, columns, (uint*)(target + row), targetStride);
        }

        if (row < rows)
        {
            for (int column = 0; column < columns; column++)
            {
                target[(column * targetStride) + row] = source[(row * sourceStride) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRows(uint* source, long sourceStride, int columns, uint* target, long targetStride)
    {
        int column = 0;
        for (; column <= columns - 4; column += 4)
        {
            Vector128<uint> r0 = Vector128.Load(source + column);
            Vector128<uint> r1 = Vector128.Load(source + sourceStride + column);
            Vector128<uint> r2 = Vector128.Load(source + (2 * sourceStride) + column);
            Vector128<uint> r3 = Vector128.Load(source + (3 * sourceStride) + column);
            Interleaving.Transpose(ref r0, ref r1, ref r2, ref r3);
            uint* to = target + (column * targetStride);
            r0.Store(to);
            r1.Store(to + targetStride);
            r2.Store(to + (2 * targetStride));
            r3.Store(to + (3 * targetStride));
        }

        for (; column < columns; column++)
        {
            for (int row = 0; row < 4; row++)
            {
                target[(column * targetStride) + row] = source[(row * sourceStride) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TwoRows(uint* source, long sourceStride, int columns, uint* target, long targetStride)
    {
        int column = 0;
        for (; column <= columns - 4; column += 4)
        {
            Vector128<uint> r0 = Vector128.Load(source + column);
            Vector128<uint> r1 = Vector128.Load(source + sourceStride + column);
            uint* to = target + (column * targetStride);
            Interleaving.Low(r0, r1).GetLower().Store(to);
            Interleaving.Low(r0, r1).GetUpper().Store(to + targetStride);
            Interleaving.High(r0, r1).GetLower().Store(to + (2 * targetStride));
            Interleaving.High(r0, r1).GetUpper().Store(to + (3 * targetStride));
        }

        for (; column < columns; column++)
        {
            target[column * targetStride] = source[column];
            target[(column * targetStride) + 1] = source[sourceStride + column];
        }
    }
}
