using System.Runtime.Intrinsics.X86;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

/// <summary>The inner loop of <see cref="PackedFormat.Int16"/>: a tile of up to six rows by sixteen columns in block fixed point.</summary>
/// <remarks>
/// C[r, j] (+)= Σ_g a[g, r] · b[g, j] · (Σ_k A[k, r] · B[k, j]) with integer sums inside a group of k (exact: 64 · 4095 · 8191 &lt; 2^31) and float32
/// sums between groups. Activations are packed [group][pair][row], weights [group][pair][column], as words of two 16-bit integers (k, k + 1).
/// </remarks>
internal static unsafe partial class Int16Kernel
{
    /// <summary>Columns of a panel.</summary>
    public const int Columns = 16;

    /// <summary>Neighbouring k that share a scale.</summary>
    public const int Group = 64;

    /// <summary>The largest block of k, a multiple of the group.</summary>
    public const int MaximumDepth = 512;

    /// <summary>The largest stored weight: 13 bits with the sign.</summary>
    public const int WeightLimit = 4095;

    /// <summary>The largest quantised activation: 14 bits with the sign.</summary>
    public const int ActivationLimit = 8191;

    /// <summary>The kernel for a number of rows: (groups, activations, their scales, weights, their scales, C, stride of C, accumulate).</summary>
    public static delegate*<int, uint*, float*, byte*, float*, float*, nint, bool, void> Get(KernelPath path, int rows) =>
        path != KernelPath.Scalar && Avx2.IsSupported && Fma.IsSupported ? GetAvx2(rows) : GetScalar(rows);

    private static delegate*<int, uint*, float*, byte*, float*, float*, nint, bool, void> GetAvx2(int rows) => rows switch
    {
        6 => &Avx2Tile<Six>,
        5 => &Avx2Tile<Five>,
        4 => &Avx2Tile<Four>,
        3 => &Avx2Tile<Three>,
        2 => &Avx2Tile<Two>,
        _ => &Avx2Tile<One>,
    };

    private static delegate*<int, uint*, float*, byte*, float*, float*, nint, bool, void> GetScalar(int rows) => rows switch
    {
        6 => &ScalarTile<Six>,
        5 => &ScalarTile<Five>,
        4 => &ScalarTile<Four>,
        3 => &ScalarTile<Three>,
        2 => &ScalarTile<Two>,
        _ => &ScalarTile<One>,
    };

    /// <summary>The reference of the vector tile: exact integer sums, then the same float operations, hence the same bits.</summary>
    private static void ScalarTile<TRows>(
        int groups, uint* a, float* aScales, byte* b, float* bScales, float* c, nint cStride, bool accumulate)
        where TRows : struct, IRowCount
    {
        short* weights = (short*)b;
        short* activations = (short*)a;
        for (int group = 0; group < groups; group++)
        {
            for (int row = 0; row < TRows.Value; row++)
            {
                for (int column = 0; column < Columns; column++)
                {
                    int sum = 0;
                    for (int k = 0; k < Group; k++)
                    {
                        int word = k / 2;
                        sum += activations[(2 * ((word * TRows.Value) + row)) + (k % 2)] * weights[(2 * ((word * Columns) + column)) + (k % 2)];
                    }

                    float* y = c + (row * cStride) + column;
                    float scaled = sum * aScales[row];
                    *y = accumulate || group > 0 ? MathF.FusedMultiplyAdd(scaled, bScales[column], *y) : scaled * bScales[column];
                }
            }

            activations += Group * TRows.Value;
            weights += Group * Columns;
            aScales += TRows.Value;
            bScales += Columns;
        }
    }
}
