using System.Buffers.Binary;

namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>Q5_0 and Q5_1: lower four bits as in <see cref="FourBitCodec"/>, the fifth bits of all 32 numbers in four bytes in front of them.</summary>
/// <remarks>Q5_0: x = d·(q − 16) with d = (the number of largest magnitude)/−16. Q5_1: x = d·q + m with m the minimum and d = (maximum − m)/31.</remarks>
internal static class FiveBitCodec
{
    private const int Half = 16;

    public static void DecodeSymmetric(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block);
        Span<int> numbers = stackalloc int[2 * Half];
        Unpack(block[2..], numbers);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (numbers[i] - 16) * scale;
        }
    }

    public static void DecodeWithMinimum(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block);
        float minimum = BlockScale.Read(block[2..]);
        Span<int> numbers = stackalloc int[2 * Half];
        Unpack(block[4..], numbers);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (numbers[i] * scale) + minimum;
        }
    }

    public static void EncodeSymmetric(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = BlockScale.SignedPeak(values) / -16;
        float inverse = BlockScale.Inverse(scale);
        BlockScale.Write(block, scale);
        Span<int> numbers = stackalloc int[2 * Half];
        for (int i = 0; i < values.Length; i++)
        {
            numbers[i] = Math.Min(31, (int)((values[i] * inverse) + 16.5f));
        }

        Pack(numbers, block[2..]);
    }

    public static void EncodeWithMinimum(ReadOnlySpan<float> values, Span<byte> block)
    {
        (float minimum, float maximum) = BlockScale.Range(values);
        float scale = (maximum - minimum) / 31;
        float inverse = BlockScale.Inverse(scale);
        BlockScale.Write(block, scale);
        BlockScale.Write(block[2..], minimum);
        Span<int> numbers = stackalloc int[2 * Half];
        for (int i = 0; i < values.Length; i++)
        {
            numbers[i] = Math.Min(31, (int)(((values[i] - minimum) * inverse) + 0.5f));
        }

        Pack(numbers, block[4..]);
    }

    private static void Unpack(ReadOnlySpan<byte> packed, Span<int> numbers)
    {
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(packed);
        for (int i = 0; i < Half; i++)
        {
            int pair = packed[4 + i];
            numbers[i] = (pair & 15) | (int)(((fifth >> i) & 1) << 4);
            numbers[i + Half] = (pair >> 4) | (int)(((fifth >> (i + Half)) & 1) << 4);
        }
    }

    private static void Pack(ReadOnlySpan<int> numbers, Span<byte> packed)
    {
        uint fifth = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            fifth |= ((uint)numbers[i] >> 4) << i;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(packed, fifth);
        for (int i = 0; i < Half; i++)
        {
            packed[4 + i] = (byte)((numbers[i] & 15) | ((numbers[i + Half] & 15) << 4));
        }
    }
}
