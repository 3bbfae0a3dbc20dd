using System.Runtime.Intrinsics;
using Niwaki.Tensors;
using static Niwaki.Kernels.Cpu.RowCount;

namespace Niwaki.Kernels.Cpu;

/// <summary>The inner loop of every matrix product: a tile of up to six rows by one weight panel, held in registers.</summary>
/// <remarks>
/// C[r, j] (+)= Σ_k A[k, r] · B[k, j]. Each element is one chain of fused multiply-adds in the order of k, started at zero and then added to C
/// if asked, so every path and every tile height gives the same bits.
/// </remarks>
internal static unsafe partial class MicroKernel
{
    /// <summary>The largest number of rows of a tile.</summary>
    public const int MaximumRows = 6;

    /// <summary>Computes one tile with a panel of floats.</summary>
    /// <param name="path">The path; fixes the width of the panel, <see cref="KernelPaths.PanelColumns"/>.</param>
    /// <param name="rows">Rows of the tile, 1 to 6.</param>
    /// <param name="depth">Steps of k, 0 or more.</param>
    /// <param name="a">A, packed [depth, rows].</param>
    /// <param name="panel">B, packed [depth, width].</param>
    /// <param name="c">C, [rows, width]; written in full width.</param>
    /// <param name="cStride">Floats from one row of C to the next.</param>
    /// <param name="accumulate">Whether the product is added to C or replaces it.</param>
    public static void Run(KernelPath path, int rows, nint depth, float* a, float* panel, float* c, nint cStride, bool accumulate) =>
        Get(path, rows, ElementType.F32)(depth, a, (byte*)panel, c, cStride, accumulate);

    /// <summary>The kernel for a path, a number of rows and the element type of the panel, see <see cref="PanelFormat"/> and <see cref="Q8Panel"/>.</summary>
    public static delegate*<nint, float*, byte*, float*, nint, bool, void> Get(KernelPath path, int rows, ElementType type) => type switch
    {
        ElementType.BF16 => Get<PanelFormat.BF16>(path, rows),
        ElementType.F16 => Get<PanelFormat.F16>(path, rows),
        ElementType.Q8_0 => GetQ8(path, rows),
        _ => Get<PanelFormat.F32>(path, rows),
    };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> Get<TFormat>(KernelPath path, int rows)
        where TFormat : struct, PanelFormat.IPanelFormat => path switch
        {
            KernelPath.Avx512 => GetVector<Vector512Path, Vector512<float>, TFormat>(rows),
            KernelPath.Avx2 => GetVector<Vector256Path, Vector256<float>, TFormat>(rows),
            KernelPath.AdvSimd => GetVector<Vector128Path, Vector128Pair, TFormat>(rows),
            _ => GetScalar<TFormat>(rows),
        };

    private static delegate*<nint, float*, byte*, float*, nint, bool, void> GetVector<TPath, TVector, TFormat>(int rows)
        where TPath : struct, IVectorPath<TVector>
        where TVector : struct
        where TFormat : struct, PanelFormat.IPanelFormat => rows switch
        {
            6 => &VectorTile<TPath, TVector, TFormat, Six>,
            5 => &VectorTile<TPath, TVector, TFormat, Five>,
            4 => &VectorTile<TPath, TVector, TFormat, Four>,
            3 => &VectorTile<TPath, TVector, TFormat, Three>,
            2 => &VectorTile<TPath, TVector, TFormat, Two>,
            _ => &VectorTile<TPath, TVector, TFormat, One>,
        };
}
