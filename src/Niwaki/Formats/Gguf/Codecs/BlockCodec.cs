namespace Niwaki.Formats.Gguf.Codecs;

/// <summary>Rows of float32 numbers to the bytes of an encoding and back.</summary>
/// <remarks>
/// Encoders round as the reference encoders of ggml do (<c>quantize_row_…_ref</c>), to the same bytes; decoders give the numbers that ggml's give,
/// bit for bit. All arithmetic is float32, without fused multiply-add.
/// </remarks>
internal static class BlockCodec
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">Encoding.</param>
    /// <param name="bytes">The blocks.</param>
    /// <param name="values">Receives as many numbers as the blocks hold.</param>
    public static void Decode(GgufTensorType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        if (type.RowBytes(values.Length) != bytes.Length)
        {
            throw new ArgumentException($"{bytes.Length} bytes of {type} are given, expected {type.RowBytes(values.Length)} for {values.Length} numbers.", nameof(bytes));
        }

        if (type.IsPlain())
        {
            PlainCodec.Decode(type, bytes, values);
            return;
        }

        int elements = type.BlockElements();
        int size = type.BlockBytes();
        for (; !values.IsEmpty; values = values[elements..], bytes = bytes[size..])
        {
            DecodeBlock(type, bytes[..size], values[..elements]);
        }
    }

    /// <summary>Encodes whole blocks.</summary>
    /// <param name="type">An encoding of <see cref="GgufTensorTypes.Writable"/>.</param>
    /// <param name="values">The numbers; finite, except for F32, F16 and BF16.</param>
    /// <param name="bytes">Receives the blocks.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a number is not finite.</exception>
    public static void Encode(GgufTensorType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if (type.RowBytes(values.Length) != bytes.Length)
        {
            throw new ArgumentException($"{bytes.Length} bytes of {type} are given, expected {type.RowBytes(values.Length)} for {values.Length} numbers.", nameof(bytes));
        }

        if (type.IsPlain())
        {
            PlainCodec.Encode(type, values, bytes);
            return;
        }

        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new ArgumentException($"A number is {value}, expected finite ones for {type}.", nameof(values));
            }
        }

        int elements = type.BlockElements();
        int size = type.BlockBytes();
        for (; !values.IsEmpty; values = values[elements..], bytes = bytes[size..])
        {
            EncodeBlock(type, values[..elements], bytes[..size]);
        }
    }

    private static void DecodeBlock(GgufTensorType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case GgufTensorType.Q8_0:
                EightBitCodec.Decode(block, values);
                break;
            case GgufTensorType.Q4_0:
                FourBitCodec.DecodeSymmetric(block, values);
                break;
            case GgufTensorType.Q4_1:
                FourBitCodec.DecodeWithMinimum(block, values);
                break;
            case GgufTensorType.Q5_0:
                FiveBitCodec.DecodeSymmetric(block, values);
                break;
            case GgufTensorType.Q5_1:
                FiveBitCodec.DecodeWithMinimum(block, values);
                break;
            case GgufTensorType.Q4_K or GgufTensorType.Q5_K:
                GroupedCodec.DecodeWithMinima(block, values, type == GgufTensorType.Q5_K);
                break;
            default:
                GroupedCodec.DecodeSixBit(block, values);
                break;
        }
    }

    private static void EncodeBlock(GgufTensorType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        switch (type)
        {
            case GgufTensorType.Q8_0:
                EightBitCodec.Encode(values, block);
                break;
            case GgufTensorType.Q4_0:
                FourBitCodec.EncodeSymmetric(values, block);
                break;
            case GgufTensorType.Q4_1:
                FourBitCodec.EncodeWithMinimum(values, block);
                break;
            case GgufTensorType.Q5_0:
                FiveBitCodec.EncodeSymmetric(values, block);
                break;
            case GgufTensorType.Q5_1:
                FiveBitCodec.EncodeWithMinimum(values, block);
                break;
            default:
                throw new ArgumentException($"Encoding is {type}, expected one of {string.Join(", ", GgufTensorTypes.Writable)}.", nameof(type));
        }
    }
}
