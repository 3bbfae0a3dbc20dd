using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Niwaki.Tensors;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

internal static unsafe partial class MicroKernel
{
    /// <summary>How far ahead weights are asked for: a few microseconds at the rate of one core, less than a block of a panel.</summary>
    private const int StreamAhead = 4096;

    /// <summary>As <see cref="Get(KernelPath, int, ElementType)"/> for weights that come from memory and are used once, with the same bits: vector paths, plain panels.</summary>
    public static delegate*<nint, float*, byte*, float*, nint, bool, void> GetStreaming(KernelPath path, int rows, ElementType type) => type switch
    {
        ElementType.BF16 => GetStreaming<PanelFormat.BF16>(path, rows),
        ElementType.F16 => GetStreaming<PanelFormat.F16>(path, rows),
        _ => GetStreaming<PanelFormat.F32>(path, rows),
    };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetStreaming<TFormat>(KernelPath path, int rows)
        where TFormat : struct, PanelFormat.IPanelFormat => path switch
        {
            KernelPath.Avx512 => GetStreaming<Vector512Path, Vector512<float>, TFormat>(rows),
            KernelPath.Avx2 => GetStreaming<Vector256Path, Vector256<float>, TFormat>(rows),
            _ => GetStreaming<Vector128Path, Vector128Pair, TFormat>(rows),
        };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetStreaming<TPath, TVector, TFormat>(int rows)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat => rows switch
        {
            6 => &StreamingTile<TPath, TVector, TFormat, Six>,
            5 => &StreamingTile<TPath, TVector, TFormat, Five>,
            4 => &StreamingTile<TPath, TVector, TFormat, Four>,
            3 => &StreamingTile<TPath, TVector, TFormat, Three>,
            2 => &StreamingTile<TPath, TVector, TFormat, Two>,
            _ => &StreamingTile<TPath, TVector, TFormat, One>,
        };

    /// <summary>The vector tile, asking for the weights some lines ahead; the chains of sums are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StreamingTile<TPath, TVector, TFormat, TRows>(nint depth, float* a, byte* b, float* c, nint cStride, bool accumulate)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat
        where TRows : struct, IRowCount
    {
        TVector c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        TVector c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        nint step = 2 * TPath.Lanes * TFormat.ElementBytes;
        for (; depth >= 4; depth -= 4)
        {
            Ask(b + StreamAhead, 4 * step);
            Step<TPath, TVector, TFormat, TRows>(
                a, b, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            Step<TPath, TVector, TFormat, TRows>(
                a + TRows.Value, b + step, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            Step<TPath, TVector, TFormat, TRows>(
                a + (2 * TRows.Value), b + (2 * step), ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            Step<TPath, TVector, TFormat, TRows>(
                a + (3 * TRows.Value), b + (3 * step), ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            a += 4 * TRows.Value;
            b += 4 * step;
        }

        for (; depth > 0; depth--)
        {
            Step<TPath, TVector, TFormat, TRows>(
                a, b, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            a += TRows.Value;
            b += step;
        }

        StoreRow<TPath, TVector, TRows>(0, c, cStride, c00, c01, accumulate);
        StoreRow<TPath, TVector, TRows>(1, c, cStride, c10, c11, accumulate);
        StoreRow<TPath, TVector, TRows>(2, c, cStride, c20, c21, accumulate);
        StoreRow<TPath, TVector, TRows>(3, c, cStride, c30, c31, accumulate);
        StoreRow<TPath, TVector, TRows>(4, c, cStride, c40, c41, accumulate);
        StoreRow<TPath, TVector, TRows>(5, c, cStride, c50, c51, accumulate);
    }

    /// <summary>Asks for memory ahead; past its end a prefetch touches nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(byte* start, nint bytes)
    {
        if (Sse.IsSupported)
        {
            for (nint i = 0; i < bytes; i += 64)
            {
                Sse.Prefetch0(start + i);
            }
        }
    }
}
