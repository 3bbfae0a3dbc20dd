using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Two 128-bit registers as one vector of eight floats.</summary>
internal readonly struct Vector128Pair(Vector128<float> low, Vector128<float> high)
{
    /// <summary>Floats 0 to 3.</summary>
    public readonly Vector128<float> Low = low;

    /// <summary>Floats 4 to 7.</summary>
    public readonly Vector128<float> High = high;
}
