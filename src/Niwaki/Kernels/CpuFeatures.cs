using Niwaki.Kernels.Cpu;

namespace Niwaki.Kernels;

/// <summary>What the kernels found out about the processor; a run records it.</summary>
public static class CpuFeatures
{
    /// <summary>The vector instructions of the float kernels: <c>avx512</c>, <c>avx2</c>, <c>advsimd</c> or <c>scalar</c>.</summary>
    public static string VectorPath { get; } = KernelPaths.Best.Name();
}
