using Niwaki.Formats.Gguf;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Numerics;

namespace Niwaki.Tests.Formats.Gguf.Codecs;

public sealed class BlockCodecTests
{
    /// <summary>F16 of 0.5 is 0x3800, of −0.5 0xB800, of 1 0x3C00.</summary>
    [Fact]
    public void Encode_NumbersThatFitExactly_GivesTheBytesOfTheFormat()
    {
        // −64 … 62 in steps of 4, and one 63.5 = 127/2: scale 0.5, number q = 2x
        float[] values = [.. Enumerable.Range(0, 31).Select(i => (float)((4 * i) - 62)), 63.5f];
        byte[] block = new byte[34];
        BlockCodec.Encode(GgufTensorType.Q8_0, values, block);
        Assert.Equal([0x00, 0x38], block[..2]);
        Assert.Equal([.. Enumerable.Range(0, 31).Select(i => unchecked((byte)((8 * i) - 124))), 127], block[2..]);

        // −4 … 3.5 in halves twice: the number of largest magnitude is −4, the scale −4/−8 = 0.5, q = 2x + 8
        float[] halves = [.. Enumerable.Range(0, 16).Select(i => (i - 8) * 0.5f), .. Enumerable.Range(0, 16).Select(i => (i - 8) * 0.5f)];
        byte[] four = new byte[18];
        BlockCodec.Encode(GgufTensorType.Q4_0, halves, four);
        Assert.Equal([0x00, 0x38, .. Enumerable.Range(0, 16).Select(i => (byte)(i * 17))], four);

        // 1 … 16: minimum 1, scale 15/15 = 1
        float[] up = [.. Enumerable.Range(1, 16).Select(i => (float)i), .. Enumerable.Range(1, 16).Select(i => (float)i)];
        byte[] withMinimum = new byte[20];
        BlockCodec.Encode(GgufTensorType.Q4_1, up, withMinimum);
        Assert.Equal([0x00, 0x3C, 0x00, 0x3C, .. Enumerable.Range(0, 16).Select(i => (byte)(i * 17))], withMinimum);

        // −8 … 7.5 in halves: scale −8/−16 = 0.5, q = 0 … 31: low halves 0 … 15 twice, the fifth bit for the upper 16
        float[] all = [.. Enumerable.Range(0, 32).Select(i => (i - 16) * 0.5f)];
        byte[] five = new byte[22];
        BlockCodec.Encode(GgufTensorType.Q5_0, all, five);
        Assert.Equal([0x00, 0x38, 0, 0, 0xFF, 0xFF, .. Enumerable.Range(0, 16).Select(i => (byte)(i * 17))], five);

        float[] fromOne = [.. Enumerable.Range(1, 32).Select(i => (float)i)];
        byte[] fiveWithMinimum = new byte[24];
        BlockCodec.Encode(GgufTensorType.Q5_1, fromOne, fiveWithMinimum);
        Assert.Equal([0x00, 0x3C, 0x00, 0x3C, 0, 0, 0xFF, 0xFF, .. Enumerable.Range(0, 16).Select(i => (byte)(i * 17))], fiveWithMinimum);

        foreach ((GgufTensorType type, byte[] bytes, float[] numbers) in new[]
        {
            (GgufTensorType.Q8_0, block, values), (GgufTensorType.Q4_0, four, halves), (GgufTensorType.Q4_1, withMinimum, up),
            (GgufTensorType.Q5_0, five, all), (GgufTensorType.Q5_1, fiveWithMinimum, fromOne),
        })
        {
            float[] decoded = new float[32];
            BlockCodec.Decode(type, bytes, decoded);
            Assert.Equal(numbers, decoded);
        }
    }

    /// <summary>The error of a rounded number is at most half a step; the first number of Q4_0 and Q5_0 that is no peak may be cut by a whole one.</summary>
    [Theory]
    [InlineData(GgufTensorType.Q8_0, 0.5 / 127, 1)]
    [InlineData(GgufTensorType.Q4_0, 1.0 / 8, 1)]
    [InlineData(GgufTensorType.Q4_1, 0.5 / 15, 2)]
    [InlineData(GgufTensorType.Q5_0, 1.0 / 16, 1)]
    [InlineData(GgufTensorType.Q5_1, 0.5 / 31, 2)]
    public void Encode_RandomNumbers_StaysWithinAStep(GgufTensorType type, double share, double spans)
    {
        var random = new SeededRandom(5);
        float[] values = [.. Enumerable.Range(0, 1024).Select(_ => (float)random.NextNormal())];
        byte[] bytes = new byte[type.RowBytes(values.Length)];
        BlockCodec.Encode(type, values, bytes);
        float[] decoded = new float[values.Length];
        BlockCodec.Decode(type, bytes, decoded);
        for (int i = 0; i < values.Length; i++)
        {
            float peak = values.AsSpan(i / 32 * 32, 32).ToArray().Max(MathF.Abs);
            double allowed = peak * ((spans * share) + 0.002); // the scale itself is rounded to 11 bits
            Assert.InRange(decoded[i] - values[i], -allowed, allowed);
        }
    }

    [Theory]
    [InlineData(GgufTensorType.Q8_0)]
    [InlineData(GgufTensorType.Q4_0)]
    [InlineData(GgufTensorType.Q4_1)]
    [InlineData(GgufTensorType.Q5_0)]
    [InlineData(GgufTensorType.Q5_1)]
    public void Encode_ZerosAndTinyNumbers_GiveZeros(GgufTensorType type)
    {
        float[] values = new float[64];
        Array.Fill(values, 1e-42f, 32, 16);
        byte[] bytes = new byte[type.RowBytes(64)];
        BlockCodec.Encode(type, values, bytes);
        float[] decoded = new float[64];
        BlockCodec.Decode(type, bytes, decoded);
        Assert.All(decoded, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Encode_NumberThatIsNotFiniteOrTooLarge_Throws()
    {
        float[] values = new float[32];
        values[3] = float.NaN;
        Assert.Throws<ArgumentException>(() => BlockCodec.Encode(GgufTensorType.Q8_0, values, new byte[34]));
        values[3] = 1e8f;
        Assert.Throws<ArgumentException>(() => BlockCodec.Encode(GgufTensorType.Q8_0, values, new byte[34]));
        Assert.Throws<ArgumentException>(() => BlockCodec.Encode(GgufTensorType.Q8_0, new float[32], new byte[33]));
        Assert.Throws<ArgumentException>(() => BlockCodec.Encode(GgufTensorType.Q4_K, new float[256], new byte[144]));
    }

    /// <summary>1 + 2⁻⁸ lies half way between two BF16 numbers: ties to even, 1. 1 + 3·2⁻⁸ goes up to 1 + 2⁻⁶.</summary>
    [Fact]
    public void Encode_BrainFloat_RoundsTiesToEven()
    {
        float[] values = [1 + (1 / 256f), 1 + (3 / 256f), float.NaN, float.PositiveInfinity, -0f];
        byte[] bytes = new byte[10];
        BlockCodec.Encode(GgufTensorType.BF16, values, bytes);
        float[] decoded = new float[5];
        BlockCodec.Decode(GgufTensorType.BF16, bytes, decoded);
        Assert.Equal([1, 1 + (1 / 64f), float.NaN, float.PositiveInfinity, -0f], decoded);
    }

    /// <summary>Groups with scale s = g + 1 and minimum m = g of d = 1 and dmin = 0.5, all numbers 3 (and a fifth bit in group 7 of Q5_K).</summary>
    [Fact]
    public void Decode_GroupsWithMinima_ReadsTheSixBitPairs()
    {
        // pairs 0-3: bytes 0-3 hold s, bytes 4-7 m; pairs 4-7: byte 8 + k holds the low four bits of s and m; their upper two bits are 0 here
        byte[] small = [1, 2, 3, 4, 0, 1, 2, 3, 5 | (4 << 4), 6 | (5 << 4), 7 | (6 << 4), 8 | (7 << 4)];
        byte[] four = [0x00, 0x3C, 0x00, 0x38, .. small, .. Enumerable.Repeat((byte)0x33, 128)];
        float[] decoded = new float[256];
        BlockCodec.Decode(GgufTensorType.Q4_K, four, decoded);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => (3f * ((i / 32) + 1)) - (0.5f * (i / 32))), decoded);

        byte[] five = [0x00, 0x3C, 0x00, 0x38, .. small, .. Enumerable.Repeat((byte)0x80, 32), .. Enumerable.Repeat((byte)0x33, 128)];
        BlockCodec.Decode(GgufTensorType.Q5_K, five, decoded);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => ((i / 32 == 7 ? 19f : 3f) * ((i / 32) + 1)) - (0.5f * (i / 32))), decoded);
    }
}
