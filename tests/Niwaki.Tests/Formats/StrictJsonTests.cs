using System.Text;
using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Numerics;

namespace Niwaki.Tests.Formats;

public sealed class StrictJsonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"a": [1, -2.5e-3, true, null, "ü \u00fc \ud83c\udf33"], "b": {"a": 1}}""")]
    [InlineData(" \r\n\t[] \n")]
    [InlineData("1e308")]
    [InlineData("1e-999")] // underflows to zero, which float64 can hold
    [InlineData("\"text\"")]
    [InlineData("""[{"a":1},{"a":2}]""")] // the same name in two objects
    [InlineData("""{"a":{"b":1},"b":2}""")]
    public void Parse_ValidText_IsTheSameAsAPlainReaderGives(string json)
    {
        JsonElement value = StrictJson.Parse(Encoding.UTF8.GetBytes(json), "t.json");
        using var plain = JsonDocument.Parse(json);
        Assert.True(JsonElement.DeepEquals(plain.RootElement, value));
    }

    [Fact]
    public void Parse_ByteOrderMark_IsSkippedButCounted()
    {
        byte[] mark = [0xEF, 0xBB, 0xBF];
        Assert.Equal(7, StrictJson.Parse((byte[])[.. mark, (byte)'7'], "t.json").GetInt32());
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => StrictJson.Parse((byte[])[.. mark, (byte)'[', (byte)'x'], "t.json"));
        Assert.Equal(4, error.BytePosition);
    }

    /// <summary>One row per fault: text, its byte, start of the message behind the place.</summary>
    [Theory]
    [InlineData("", 0, "JSON is broken")]
    [InlineData("   ", 3, "JSON is broken")]
    [InlineData("[1", 2, "JSON is broken")]
    [InlineData("[1,]", 3, "JSON is broken")]
    [InlineData("[1 2]", 3, "JSON is broken")]
    [InlineData("[1]\n\n]", 5, "JSON is broken")]
    [InlineData("[1] [2]", 4, "JSON is broken")]
    [InlineData("[1] garbage", 4, "JSON is broken")]
    [InlineData("// note\n1", 0, "JSON is broken")]
    [InlineData("{a: 1}", 1, "JSON is broken")]
    [InlineData("{'a': 1}", 1, "JSON is broken")]
    [InlineData("[01]", 2, "JSON is broken")]
    [InlineData("[+1]", 1, "JSON is broken")]
    [InlineData("[.5]", 1, "JSON is broken")]
    [InlineData("[NaN]", 1, "JSON is broken")]
    [InlineData("[Infinity]", 1, "JSON is broken")]
    [InlineData("[-Infinity]", 2, "JSON is broken")]
    [InlineData("[\"a\tb\"]", 3, "JSON is broken")] // a raw control character inside a text
    [InlineData("[\"\\x41\"]", 3, "JSON is broken")]
    [InlineData("[1, 1e999]", 4, "number 1e999 overflows")]
    [InlineData("[-1e999]", 1, "number -1e999 overflows")]
    [InlineData("""{"a":1,"a":1}""", 7, "name 'a' appears twice")]
    [InlineData("""{"x":[{"a":1,"b":2,"a":1}]}""", 19, "name 'a' appears twice")]
    [InlineData("""{"a":1,"\u0061":1}""", 7, "name 'a' appears twice")]
    [InlineData("""["\ud83c"]""", 1, "text holds half a surrogate pair")]
    [InlineData("""{"\udf33":1}""", 1, "text holds half a surrogate pair")]
    public void Parse_BrokenText_NamesFileAndByte(string json, long position, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => StrictJson.Parse(Encoding.UTF8.GetBytes(json), "dir/t.json"));
        Assert.StartsWith($"t.json, byte {position}: {expected}", error.Message, StringComparison.Ordinal);
        Assert.Equal((position, "dir/t.json"), (error.BytePosition!.Value, error.File));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xC3, (byte)'"' }, 1)] // first byte of a pair alone
    [InlineData(new byte[] { (byte)'"', 0xC3, 0xBC, 0x80, (byte)'"' }, 3)] // second byte of a pair alone
    [InlineData(new byte[] { (byte)'"', 0xED, 0xA0, 0x80, (byte)'"' }, 1)] // a surrogate
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'1', 0 }, 0)] // UTF-16
    public void Parse_InvalidUtf8_NamesByte(byte[] bytes, long position)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => StrictJson.Parse(bytes, "t.json"));
        Assert.Equal(position, error.BytePosition);
    }

    [Fact]
    public void Parse_Depth_SixtyFourLevelsAreTheMost()
    {
        static byte[] Nested(int levels) => Encoding.UTF8.GetBytes(new string('[', levels) + new string(']', levels));

        Assert.Equal(JsonValueKind.Array, StrictJson.Parse(Nested(64), "t.json").ValueKind);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => StrictJson.Parse(Nested(65), "t.json"));
        Assert.Equal("t.json, byte 64: JSON is nested more than 64 levels deep, expected at most 64 levels.", error.Message);
        Assert.Throws<ModelFormatException>(() => StrictJson.Parse(Nested(1_000_000), "t.json"));
    }

    [Fact]
    public void Parse_BytesFlipped_ValueOrFormatErrorAndNeverMoreThanAPlainReaderAccepts()
    {
        byte[] valid = """{"a":[1,-2.5e-3,{"b":"\u00fc\ud83c\udf33ü"}],"c":null,"d":{"a":true,"e":1e300}}"""u8.ToArray();
        var random = new SeededRandom(22);
        int accepted = 0;
        for (int i = 0; i < 1_000; i++)
        {
            byte[] mutated = [.. valid];
            mutated[random.NextInt(mutated.Length)] ^= (byte)(1 << random.NextInt(8));
            try
            {
                string shown = StrictJson.Parse(mutated, "t.json").ToString();
                using var plain = JsonDocument.Parse(mutated);
                Assert.Equal(plain.RootElement.ToString(), shown);
                accepted++;
            }
            catch (ModelFormatException error)
            {
                Assert.InRange(error.BytePosition!.Value, 0, valid.Length);
            }
        }

        Assert.InRange(accepted, 1, 999);
    }

    [Fact]
    public void ReadFile_LargerThanTheLimit_Throws()
    {
        string path = _folder.Write("t.json", "[1, 2, 3]"); // 9 bytes
        Assert.Equal(3, StrictJson.ReadFile(path, 9).GetArrayLength());
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => StrictJson.ReadFile(path, 8));
        Assert.Equal("t.json: file has 9 bytes or more, expected at most 8 bytes.", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData((1 << 30) + 1)]
    public void ReadFile_LimitOutOfRange_Throws(int maxBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StrictJson.ReadFile(_folder["t.json"], maxBytes));
}
