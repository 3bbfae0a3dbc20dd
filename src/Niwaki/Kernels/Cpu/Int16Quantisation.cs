using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rounds groups of floats to integers with a common scale.</summary>
internal static unsafe class Int16Quantisation
{
    /// <summary>Below this the reciprocal of the scale would overflow; such a group counts as zero.</summary>
    private const float SmallestLargest = 1e-30f;

    /// <summary>q[i] = round(x[i] / scale) to nearest even, with scale = max |x| / limit.</summary>
    /// <param name="x">[<see cref="Int16Kernel.Group"/>], of any alignment.</param>
    /// <param name="limit">The largest integer.</param>
    /// <param name="q">[<see cref="Int16Kernel.Group"/>].</param>
    /// <returns>The scale; NaN, with zeros, where a value is not finite.</returns>
    public static float QuantiseGroup(float* x, int limit, short* q)
    {
        float largest = LargestMagnitude(x);
        if (!(largest >= SmallestLargest && float.IsFinite(largest)))
        {
            new Span<short>(q, Int16Kernel.Group).Clear();
            return float.IsFinite(largest) ? 0 : float.NaN;
        }

        Vector256<float> factor = Vector256.Create(limit / largest);
        for (int i = 0; i < Int16Kernel.Group; i += 16)
        {
            Vector256<float> low = Vector256.Round(Vector256.Load(x + i) * factor);
            Vector256<float> high = Vector256.Round(Vector256.Load(x + i + 8) * factor);
            Vector256.Narrow(Vector256.ConvertToInt32(low), Vector256.ConvertToInt32(high)).Store(q + i);
        }

        return largest / limit;
    }

    /// <summary>max |x|; compared as integers, which orders infinity and NaN above all numbers.</summary>
    private static float LargestMagnitude(float* x)
    {
        var magnitude = Vector256.Create(int.MaxValue); // all bits but the sign
        Vector256<int> largest = Vector256<int>.Zero;
        for (int i = 0; i < Int16Kernel.Group; i += 8)
        {
            largest = Vector256.Max(largest, Vector256.Load((int*)x + i) & magnitude);
        }

        int bits = 0;
        for (int lane = 0; lane < Vector256<int>.Count; lane++)
        {
            bits = Math.Max(bits, largest[lane]);
        }

        return BitConverter.Int32BitsToSingle(bits);
    }
}
