using System.Text;
using Niwaki.Datasets;

namespace Niwaki.Tests.Datasets;

public sealed class TextFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Read_ByteOrderMark_Dropped() => Assert.Equal("Grün\r\n", ReadBytes([0xEF, 0xBB, 0xBF, .. "Grün\r\n"u8]));

    [Fact]
    public void Read_InvalidBytes_BecomeReplacementCharacters() =>
        Assert.Equal("a\uFFFDb\uFFFD", ReadBytes([(byte)'a', 0xFF, (byte)'b', 0xC3])); // 0xFF never occurs in UTF-8; 0xC3 wants one more byte

    [Fact]
    public void Read_CharacterAcrossTwoChunks_Whole()
    {
        // Chunks have 1,048,576 bytes: one letter in front of two-byte characters puts one of them across the border.
        string text = "a" + new string('ü', 600_000);
        Assert.Equal(text, ReadBytes(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Read_AsLongAsAllowed_Read()
    {
        File.WriteAllText(_path, "12345");
        Assert.Equal("12345", TextFile.Read(_path, 5));
    }

    [Fact]
    public void Read_LongerThanAllowed_ThrowsWithBothSizes()
    {
        File.WriteAllText(_path, new string('x', 1235));
        DatasetException error = Assert.Throws<DatasetException>(() => TextFile.Read(_path, 1234));
        Assert.Equal(_path, error.Text);
        Assert.StartsWith($"{_path}: has 1,235 bytes, expected at most 1,234. ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t\n")]
    public void Read_NothingButWhiteSpace_Throws(string content)
    {
        File.WriteAllText(_path, content);
        DatasetException error = Assert.Throws<DatasetException>(() => TextFile.Read(_path));
        Assert.Contains("holds no text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Utf16_ThrowsRatherThanReadingGarbage()
    {
        File.WriteAllText(_path, "text", Encoding.Unicode);
        DatasetException error = Assert.Throws<DatasetException>(() => TextFile.Read(_path));
        Assert.Contains("UTF-16, expected UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoSuchFile_Throws() => Assert.Throws<FileNotFoundException>(() => TextFile.Read(_path + ".missing"));

    [Theory]
    [InlineData(0)]
    [InlineData(TextFile.DefaultMaxBytes + 1)]
    public void Read_LimitOutOfRange_Throws(long maxBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TextFile.Read(_path, maxBytes));

    public void Dispose() => File.Delete(_path);

    private string ReadBytes(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        return TextFile.Read(_path);
    }
}
