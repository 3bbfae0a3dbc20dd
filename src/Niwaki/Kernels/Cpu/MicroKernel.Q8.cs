using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

internal static unsafe partial class MicroKernel
{
    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetQ8(KernelPath path, int rows) => path switch
    {
        KernelPath.Avx512 => GetQ8<Vector512Path, Vector512<float>>(rows),
        KernelPath.Avx2 => GetQ8<Vector256Path, Vector256<float>>(rows),
        KernelPath.AdvSimd => GetQ8<Vector128Path, Vector128Pair>(rows),
        _ => GetScalarQ8(rows),
    };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetQ8<TPath, TVector>(int rows)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct => rows switch
        {
            6 => &Q8Tile<TPath, TVector, Six>,
            5 => &Q8Tile<TPath, TVector, Five>,
            4 => &Q8Tile<TPath, TVector, Four>,
            3 => &Q8Tile<TPath, TVector, Three>,
            2 => &Q8Tile<TPath, TVector, Two>,
            _ => &Q8Tile<TPath, TVector, One>,
        };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetScalarQ8(int rows) => rows switch
    {
        6 => &ScalarQ8Tile<Six>,
        5 => &ScalarQ8Tile<Five>,
        4 => &ScalarQ8Tile<Four>,
        3 => &ScalarQ8Tile<Three>,
        2 => &ScalarQ8Tile<Two>,
        _ => &ScalarQ8Tile<One>,
    };

    /// <summary>As the vector tile of the other formats, with the scales of a group of steps kept in two registers: see <see cref="Q8Panel"/>.</summary>
    /// <remarks>Weights are scaled before they are multiplied, not the sums afterwards: the same bits as with the same weights in float32.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q8Tile<TPath, TVector, TRows>(nint depth, float* a, byte* b, float* c, nint cStride, bool accumulate)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TRows : struct, IRowCount
    {
        TVector c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        TVector c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        int width = 2 * TPath.Lanes;
        Prefetch<TPath, TVector, TRows>(c, cStride);
        for (; depth > 0; depth -= Q8Panel.Group)
        {
            PanelFormat.F16.Load<TPath, TVector>(b, out TVector s0, out TVector s1);
            b += Q8Panel.ScaleBytes(width);
            for (int step = Q8Panel.Group; step > 0; step -= 2)
            {
                Q8Panel.Load<TPath, TVector>(b, s0, s1, out TVector b0, out TVector b1);
                StepRows<TPath, TVector, TRows>(
                    a, b0, b1, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                Q8Panel.Load<TPath, TVector>(b + width, s0, s1, out b0, out b1);
                StepRows<TPath, TVector, TRows>(
                    a + TRows.Value, b0, b1, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                a += 2 * TRows.Value;
                b += 2 * width;
            }
        }

        StoreRow<TPath, TVector, TRows>(0, c, cStride, c00, c01, accumulate);
        StoreRow<TPath, TVector, TRows>(1, c, cStride, c10, c11, accumulate);
        StoreRow<TPath, TVector, TRows>(2, c, cStride, c20, c21, accumulate);
        StoreRow<TPath, TVector, TRows>(3, c, cStride, c30, c31, accumulate);
        StoreRow<TPath, TVector, TRows>(4, c, cStride, c40, c41, accumulate);
        StoreRow<TPath, TVector, TRows>(5, c, cStride, c50, c51, accumulate);
    }

    /// <summary>The reference of <see cref="Q8Tile{TPath, TVector, TRows}"/>: the same bits.</summary>
    private static void ScalarQ8Tile<TRows>(nint depth, float* a, byte* b, float* c, nint cStride, bool accumulate)
        where TRows : struct, IRowCount
    {
        const int Width = 16;
        for (int row = 0; row < TRows.Value; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                float sum = 0;
                for (nint k = 0; k < depth; k++)
                {
                    sum = MathF.FusedMultiplyAdd(a[(k * TRows.Value) + row], Q8Panel.At(b, Width, k, column), sum);
                }

                float* y = c + (row * cStride) + column;
                *y = accumulate ? *y + sum : sum;
            }
        }
    }
}
