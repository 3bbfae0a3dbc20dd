using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

internal static unsafe partial class Int16Kernel
{
    /// <summary>One instruction does sixteen multiplications where a float multiply-add does eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Avx2Tile<TRows>(
        int groups, uint* a, float* aScales, byte* b, float* bScales, float* c, nint cStride, bool accumulate)
        where TRows : struct, IRowCount
    {
        const int StepBytes = Columns * 2 * sizeof(short);
        for (; groups > 0; groups--)
        {
            Vector256<int> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
            Vector256<int> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
            for (int pair = Group / 2; pair > 0; pair -= 2)
            {
                Step<TRows>(
                    a, b, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                Step<TRows>(
                    a + TRows.Value, b + StepBytes, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                a += 2 * TRows.Value;
                b += 2 * StepBytes;
            }

            Vector256<float> s0 = Vector256.Load(bScales);
            Vector256<float> s1 = Vector256.Load(bScales + 8);
            StoreRow<TRows>(0, c, cStride, c00, c01, aScales, s0, s1, accumulate);
            StoreRow<TRows>(1, c, cStride, c10, c11, aScales, s0, s1, accumulate);
            StoreRow<TRows>(2, c, cStride, c20, c21, aScales, s0, s1, accumulate);
            StoreRow<TRows>(3, c, cStride, c30, c31, aScales, s0, s1, accumulate);
            StoreRow<TRows>(4, c, cStride, c40, c41, aScales, s0, s1, accumulate);
            StoreRow<TRows>(5, c, cStride, c50, c51, aScales, s0, s1, accumulate);
            aScales += TRows.Value;
            bScales += Columns;
            accumulate = true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TRows>(
        uint* a,
        byte* b,
        ref Vector256<int> c00, ref Vector256<int> c01, ref Vector256<int> c10, ref Vector256<int> c11,
        ref Vector256<int> c20, ref Vector256<int> c21, ref Vector256<int> c30, ref Vector256<int> c31,
        ref Vector256<int> c40, ref Vector256<int> c41, ref Vector256<int> c50, ref Vector256<int> c51)
        where TRows : struct, IRowCount
    {
        Vector256<short> b0 = Vector256.Load((short*)b);
        Vector256<short> b1 = Vector256.Load((short*)b + 16);
        StepRow<TRows>(0, a, b0, b1, ref c00, ref c01);
        StepRow<TRows>(1, a, b0, b1, ref c10, ref c11);
        StepRow<TRows>(2, a, b0, b1, ref c20, ref c21);
        StepRow<TRows>(3, a, b0, b1, ref c30, ref c31);
        StepRow<TRows>(4, a, b0, b1, ref c40, ref c41);
        StepRow<TRows>(5, a, b0, b1, ref c50, ref c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StepRow<TRows>(
        int row, uint* a, Vector256<short> b0, Vector256<short> b1, ref Vector256<int> lower, ref Vector256<int> upper)
        where TRows : struct, IRowCount
    {
        if (row < TRows.Value)
        {
            Vector256<short> v = Vector256.Create(a[row]).AsInt16();
            lower = AddProducts(lower, v, b0);
            upper = AddProducts(upper, v, b1);
        }
    }

    /// <summary>sum[i] + a[2i] · b[2i] + a[2i + 1] · b[2i + 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddProducts(Vector256<int> sum, Vector256<short> a, Vector256<short> b) =>
        AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sum, a, b) : sum + Avx2.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TRows>(
        int row, float* c, nint cStride, Vector256<int> lower, Vector256<int> upper, float* aScales,
        Vector256<float> s0, Vector256<float> s1, bool accumulate)
        where TRows : struct, IRowCount
    {
        if (row >= TRows.Value)
        {
            return;
        }

        c += row * cStride;
        Vector256<float> scale = Vector256.Create(aScales[row]);
        Vector256<float> y0 = Vector256.ConvertToSingle(lower) * scale;
        Vector256<float> y1 = Vector256.ConvertToSingle(upper) * scale;
        if (accumulate)
        {
            y0 = Fma.MultiplyAdd(y0, s0, Vector256.Load(c));
            y1 = Fma.MultiplyAdd(y1, s1, Vector256.Load(c + 8));
        }
        else
        {
            y0 *= s0;
            y1 *= s1;
        }

        y0.Store(c);
        y1.Store(c + 8);
    }
}
