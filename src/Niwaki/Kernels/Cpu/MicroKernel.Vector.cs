using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

internal static unsafe partial class MicroKernel
{
    /// <summary>
    /// Twelve accumulators; a step of k costs two weight vectors, one broadcast a row and one fused multiply-add an accumulator.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void VectorTile<TPath, TVector, TFormat, TRows>(nint depth, float* a, byte* b, float* c, nint cStride, bool accumulate)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat
        where TRows : struct, IRowCount
    {
        TVector c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        TVector c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        nint step = 2 * TPath.Lanes * TFormat.ElementBytes;
        Prefetch<TPath, TVector, TRows>(c, cStride);
        for (; depth >= 2; depth -= 2)
        {
            Step<TPath, TVector, TFormat, TRows>(
                a, b, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            Step<TPath, TVector, TFormat, TRows>(
                a + TRows.Value, b + step, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            a += 2 * TRows.Value;
            b += 2 * step;
        }

        if (depth > 0)
        {
            Step<TPath, TVector, TFormat, TRows>(
                a, b, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
        }

        StoreRow<TPath, TVector, TRows>(0, c, cStride, c00, c01, accumulate);
        StoreRow<TPath, TVector, TRows>(1, c, cStride, c10, c11, accumulate);
        StoreRow<TPath, TVector, TRows>(2, c, cStride, c20, c21, accumulate);
        StoreRow<TPath, TVector, TRows>(3, c, cStride, c30, c31, accumulate);
        StoreRow<TPath, TVector, TRows>(4, c, cStride, c40, c41, accumulate);
        StoreRow<TPath, TVector, TRows>(5, c, cStride, c50, c51, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TPath, TVector, TFormat, TRows>(
        float* a,
        byte* b,
        ref TVector c00, ref TVector c01, ref TVector c10, ref TVector c11, ref TVector c20, ref TVector c21,
        ref TVector c30, ref TVector c31, ref TVector c40, ref TVector c41, ref TVector c50, ref TVector c51)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat
        where TRows : struct, IRowCount
    {
        TFormat.Load<TPath, TVector>(b, out TVector b0, out TVector b1);
        StepRows<TPath, TVector, TRows>(
            a, b0, b1, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StepRows<TPath, TVector, TRows>(
        float* a,
        TVector b0,
        TVector b1,
        ref TVector c00, ref TVector c01, ref TVector c10, ref TVector c11, ref TVector c20, ref TVector c21,
        ref TVector c30, ref TVector c31, ref TVector c40, ref TVector c41, ref TVector c50, ref TVector c51)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TRows : struct, IRowCount
    {
        StepRow<TPath, TVector, TRows>(0, a, b0, b1, ref c00, ref c01);
        StepRow<TPath, TVector, TRows>(1, a, b0, b1, ref c10, ref c11);
        StepRow<TPath, TVector, TRows>(2, a, b0, b1, ref c20, ref c21);
        StepRow<TPath, TVector, TRows>(3, a, b0, b1, ref c30, ref c31);
        StepRow<TPath, TVector, TRows>(4, a, b0, b1, ref c40, ref c41);
        StepRow<TPath, TVector, TRows>(5, a, b0, b1, ref c50, ref c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StepRow<TPath, TVector, TRows>(int row, float* a, TVector b0, TVector b1, ref TVector lower, ref TVector upper)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TRows : struct, IRowCount
    {
        if (row < TRows.Value)
        {
            TVector v = TPath.Broadcast(a[row]);
            lower = TPath.FusedMultiplyAdd(v, b0, lower);
            upper = TPath.FusedMultiplyAdd(v, b1, upper);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TPath, TVector, TRows>(int row, float* c, nint cStride, TVector lower, TVector upper, bool accumulate)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TRows : struct, IRowCount
    {
        if (row >= TRows.Value)
        {
            return;
        }

        c += row * cStride;
        if (accumulate)
        {
            lower = TPath.Add(lower, TPath.Load(c));
            upper = TPath.Add(upper, TPath.Load(c + TPath.Lanes));
        }

        TPath.Store(lower, c);
        TPath.Store(upper, c + TPath.Lanes);
    }

    /// <summary>Asks for the lines of C early, so that their misses overlap with the arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TPath, TVector, TRows>(float* c, nint cStride)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TRows : struct, IRowCount
    {
        if (Sse.IsSupported)
        {
            for (int row = 0; row < TRows.Value; row++)
            {
                Sse.Prefetch0(c);
                if (TPath.Lanes == 16)
                {
                    Sse.Prefetch0(c + 16);
                }

                c += cStride;
            }
        }
    }
}
