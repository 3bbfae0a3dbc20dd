namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>Q8_0: a scale d (F16) and 32 numbers q; x = d·q. Encoding: d = max|x|/127, q = x/d to nearest, halves away from zero.</summary>
internal static class EightBitCodec
{
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (sbyte)block[2 + i] * scale;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = MathF.Abs(BlockScale.SignedPeak(values)) / 127;
        float inverse = BlockScale.Inverse(scale);
        BlockScale.Write(block, scale);
        for (int i = 0; i < values.Length; i++)
        {
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }
}
