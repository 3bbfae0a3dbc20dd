namespace Niwaki.Kernels.Cpu;

/// <summary>A variant of the float kernels. All of them work on every machine (the wider ones by software where registers are missing),
/// so that each can be tested everywhere; only the choice of the fastest depends on the processor.</summary>
internal enum KernelPath
{
    /// <summary>Plain loops: the reference of the other paths. Panels of 16 columns.</summary>
    Scalar,

    /// <summary>Vector128, made for Arm's 32 registers. Panels of 16 columns.</summary>
    AdvSimd,

    /// <summary>Vector256 with fused multiply-add. Panels of 16 columns.</summary>
    Avx2,

    /// <summary>Vector512. Panels of 32 columns.</summary>
    Avx512,
}
