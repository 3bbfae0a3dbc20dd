using Niwaki.Formats.Gguf;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Numerics;
using Niwaki.Tests.Export.Gguf;

namespace Niwaki.Tests.Formats.Gguf.Codecs;

/// <summary>The encodings beside those of a stock ggml: the same bytes, the same numbers.</summary>
public sealed class BlockCodecPeerTests
{
    private const int Columns = 512;

    public static TheoryData<GgufTensorType> Encoded { get; } = [.. GgufTensorTypes.Writable.Where(type => !type.IsPlain())];

    [Theory]
    [MemberData(nameof(Encoded))]
    public void Encode_RowsOfManyKinds_GivesTheBytesOfGgml(GgufTensorType type)
    {
        using StockLlama peer = StockLlama.Codecs();
        float[] values = Values();
        byte[] expected = peer.Encode((int)type, values, Columns);
        byte[] found = new byte[type.RowBytes(values.Length)];
        BlockCodec.Encode(type, values, found);
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData(GgufTensorType.F16)]
    [InlineData(GgufTensorType.BF16)]
    public void Encode_PlainTypes_GivesTheBytesOfGgml(GgufTensorType type)
    {
        using StockLlama peer = StockLlama.Codecs();
        byte[] found = new byte[type.RowBytes(Values().Length)];
        BlockCodec.Encode(type, Values(), found);
        Assert.Equal(peer.Encode((int)type, Values(), Columns), found);
    }

    [Theory]
    [InlineData(GgufTensorType.Q8_0)]
    [InlineData(GgufTensorType.Q4_0)]
    [InlineData(GgufTensorType.Q4_1)]
    [InlineData(GgufTensorType.Q5_0)]
    [InlineData(GgufTensorType.Q5_1)]
    [InlineData(GgufTensorType.Q4_K)]
    [InlineData(GgufTensorType.Q5_K)]
    [InlineData(GgufTensorType.Q6_K)]
    public void Decode_WhatGgmlEncoded_GivesTheNumbersOfGgml(GgufTensorType type)
    {
        using StockLlama peer = StockLlama.Codecs();
        float[] values = Values();
        byte[] encoded = peer.Encode((int)type, values, Columns);
        float[] found = new float[values.Length];
        BlockCodec.Decode(type, encoded, found);
        string name = type.ToString().Replace("Q", "q", StringComparison.Ordinal); // q4_0, q4_K
        Assert.Equal(peer.Decode(name, encoded, values.Length), found);
    }

    /// <summary>Normal numbers, outliers, equal numbers, zeros, very small and large ones, halves that fall between two steps.</summary>
    private static float[] Values()
    {
        var random = new SeededRandom(11);
        float[] values = new float[8 * Columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (i / Columns) switch
            {
                0 => (float)random.NextNormal(),
                1 => (float)random.NextNormal() * (i % 29 == 0 ? 50 : 0.1f),
                2 => 0.7f,
                3 => i % 3 == 0 ? 0 : (float)random.NextNormal() * 1e-4f,
                4 => (i % 64) - 31.5f,
                5 => (float)random.NextNormal() * 1000,
                6 => -MathF.Abs((float)random.NextNormal()),
                _ => i % 2 == 0 ? 1 : -1,
            };
        }

        return values;
    }
}
