using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Niwaki.Kernels.Cpu;

/// <summary>Facts about <see cref="KernelPath"/>.</summary>
internal static class KernelPaths
{
    /// <summary>The largest <see cref="PanelColumns"/>.</summary>
    public const int MaximumPanelColumns = 32;

    /// <summary>The fastest path that this processor runs in hardware.</summary>
    public static KernelPath Best { get; } =
        Avx512F.IsSupported && Vector512.IsHardwareAccelerated ? KernelPath.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? KernelPath.Avx2
        : AdvSimd.IsSupported ? KernelPath.AdvSimd
        : KernelPath.Scalar;

    /// <summary>Output columns of one weight panel.</summary>
    public static int PanelColumns(this KernelPath path) => path == KernelPath.Avx512 ? 32 : 16;

    /// <summary>The name in reports and journals.</summary>
    public static string Name(this KernelPath path) => path switch
    {
        KernelPath.Avx512 => "avx512",
        KernelPath.Avx2 => "avx2",
        KernelPath.AdvSimd => "advsimd",
        _ => "scalar",
    };
}
