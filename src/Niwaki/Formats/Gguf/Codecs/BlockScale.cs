using System.Buffers.Binary;

namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>The scales and minima of blocks, and what encoders share.</summary>
internal static class BlockScale
{
    public static float Read(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    /// <exception cref="ArgumentException">The number is too large for F16.</exception>
    public static void Write(Span<byte> bytes, float scale) =>
        BinaryPrimitives.WriteHalfLittleEndian(bytes, Half.IsFinite((Half)scale)
            ? (Half)scale
            : throw new ArgumentException($"Scale of a block is {scale}, expected at most {Half.MaxValue}, what F16 can hold.", nameof(scale)));

    /// <summary>1/scale, and 0 for a scale so small that F16 stores 0.</summary>
    public static float Inverse(float scale) => scale != 0 && float.IsFinite(1 / scale) ? 1 / scale : 0;

    /// <summary>The number of largest magnitude, with its sign; the first of several.</summary>
    public static float SignedPeak(ReadOnlySpan<float> values)
    {
        float largest = 0;
        float peak = 0;
        foreach (float value in values)
        {
            if (largest < MathF.Abs(value))
            {
                largest = MathF.Abs(value);
                peak = value;
            }
        }

        return peak;
    }

    /// <summary>Smallest and largest number.</summary>
    public static (float Minimum, float Maximum) Range(ReadOnlySpan<float> values)
    {
        float minimum = float.MaxValue;
        float maximum = -float.MaxValue;
        foreach (float value in values)
        {
            minimum = value < minimum ? value : minimum;
            maximum = value > maximum ? value : maximum;
        }

        return (minimum, maximum);
    }
}
