namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>Q4_0 and Q4_1: byte i holds number i in its lower half and number i + 16 in its upper half.</summary>
/// <remarks>Q4_0: x = d·(q − 8) with d = (the number of largest magnitude)/−8. Q4_1: x = d·q + m with m the minimum and d = (maximum − m)/15.</remarks>
internal static class FourBitCodec
{
    private const int Half = 16;

    public static void DecodeSymmetric(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block);
        for (int i = 0; i < Half; i++)
        {
            values[i] = ((block[2 + i] & 15) - 8) * scale;
            values[i + Half] = ((block[2 + i] >> 4) - 8) * scale;
        }
    }

    public static void DecodeWithMinimum(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block);
        float minimum = BlockScale.Read(block[2..]);
        for (int i = 0; i < Half; i++)
        {
            values[i] = ((block[4 + i] & 15) * scale) + minimum;
            values[i + Half] = ((block[4 + i] >> 4) * scale) + minimum;
        }
    }

    public static void EncodeSymmetric(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = BlockScale.SignedPeak(values) / -8;
        float inverse = BlockScale.Inverse(scale);
        BlockScale.Write(block, scale);
        for (int i = 0; i < Half; i++)
        {
            int low = Math.Min(15, (int)((values[i] * inverse) + 8.5f));
            int high = Math.Min(15, (int)((values[i + Half] * inverse) + 8.5f));
            block[2 + i] = (byte)(low | (high << 4));
        }
    }

    public static void EncodeWithMinimum(ReadOnlySpan<float> values, Span<byte> block)
    {
        (float minimum, float maximum) = BlockScale.Range(values);
        float scale = (maximum - minimum) / 15;
        float inverse = BlockScale.Inverse(scale);
        BlockScale.Write(block, scale);
        BlockScale.Write(block[2..], minimum);
        for (int i = 0; i < Half; i++)
        {
            int low = Math.Min(15, (int)(((values[i] - minimum) * inverse) + 0.5f));
            int high = Math.Min(15, (int)(((values[i + Half] - minimum) * inverse) + 0.5f));
            block[4 + i] = (byte)(low | (high << 4));
        }
    }
}
