using System.IO.Compression;
using System.Text;
using Niwaki.Datasets;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Datasets;

public sealed class TextCollectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_TextFile_IsOneDocument() => Assert.Equal([new TextDocument(_folder["a.txt"], "one\ntwo")], TextCollection.Read(_folder.Write("a.txt", "one\ntwo")));

    [Fact]
    public void Read_Archive_TextsInOrderOfTheirNames()
    {
        string path = Archive(("b.txt", "second"), ("a/x.TXT", "first"), ("notes.md", "not a text file"), ("c.txt", " \n"));
        Assert.Equal(["first", "second"], TextCollection.Read(path).Select(document => document.Text));
        Assert.Equal($"{path}/a/x.TXT", TextCollection.Read(path).First().Name);
    }

    [Fact]
    public void Read_LineEndsOfOtherSystems_ArePlainInTextsAndAsTheyAreInJson()
    {
        Assert.Equal(["a\nb\n\nc\n"], TextCollection.Read(_folder.Write("a.txt", "a\r\nb\r\rc\n")).Select(document => document.Text));
        Assert.Equal(["a\nb"], TextCollection.Read(Archive(("a.txt", "a\r\nb"))).Select(document => document.Text));
        Assert.Equal(["a\r\nb"], TextCollection.Read(_folder.Write("a.jsonl", "\"a\\r\\nb\"\r\n")).Select(document => document.Text));
    }

    [Fact]
    public void Read_JsonLines_StringsAndTexts() => Assert.Equal(
        ["plain", "in a field"],
        TextCollection.Read(_folder.Write("a.jsonl", "\"plain\"\n\n{\"id\": 3, \"text\": \"in a field\"}\n{\"text\": \"\"}\n")).Select(document => document.Text));

    /// <summary>Lines around the sizes at which the buffer is read on and grows, with and without a line end behind the last.</summary>
    [Theory]
    [InlineData(65_533)]
    [InlineData(65_534)]
    [InlineData(65_535)]
    [InlineData(300_000)]
    public void Read_LongLines_WholeAndInOrder(int length)
    {
        string[] texts = ["first", new string('a', length), "é", new string('b', length), "last"];
        string lines = string.Join('\n', texts.Select(text => $"\"{text}\""));
        Assert.Equal(texts, TextCollection.Read(_folder.Write("a.jsonl", lines)).Select(document => document.Text));
        Assert.Equal(texts, TextCollection.Read(_folder.Write("b.jsonl", "\uFEFF" + lines.Replace("\n", "\r\n", StringComparison.Ordinal) + "\n")).Select(document => document.Text));
    }

    [Theory]
    [InlineData("{\"text\": 3}", "line 2")]
    [InlineData("[\"a\"]", "line 2")]
    [InlineData("{\"body\": \"a\"}", "line 2")]
    [InlineData("{\"text\": \"a\"", "is no JSON")]
    [InlineData("\"\\ud800\"", "is no JSON")]
    [InlineData("{\"text\": \"a\", \"text\": \"b\"}", "line 2")]
    public void Read_LineWithoutText_NamesTheLine(string line, string message)
    {
        string path = _folder.Write("a.jsonl", "\"good\"\n" + line);
        Assert.Contains(message, Assert.Throws<DatasetException>(() => TextCollection.Read(path).Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BrokenArchive_Throws()
    {
        byte[] good = File.ReadAllBytes(Archive(("a.txt", string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i * 7919 % 1000} ")))));
        AssertBroken(Encoding.UTF8.GetBytes("this is no archive"));
        AssertBroken(good[..^30]);
        for (int i = 60; i < 160; i++)
        {
            good[i] ^= 0x55; // inside the compressed bytes
        }

        AssertBroken(good);
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.jsonl")]
    public void Read_NothingInside_Throws(string name) =>
        Assert.Contains("holds no text", Assert.Throws<DatasetException>(() => TextCollection.Read(_folder.Write(name, " \n")).Count()).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ArchiveWithoutTexts_Throws() =>
        Assert.Throws<DatasetException>(() => TextCollection.Read(Archive(("a.md", "x"))).Count());

    /// <summary>Each of the texts may be read, both together are a byte too much.</summary>
    [Fact]
    public void Read_TextsTooLargeTogether_Throws()
    {
        foreach (string path in (string[])[Archive(("a.txt", "abc"), ("b.txt", "dé")), _folder.Write("a.jsonl", "\"abc\"\n\"dé\"\n")])
        {
            Assert.Equal(2, TextCollection.Read(path, 6).Count());
            Assert.Contains(
                "brings the texts to 6 bytes, expected at most 5 in all", Assert.Throws<DatasetException>(() => TextCollection.Read(path, 5).Count()).Message, StringComparison.Ordinal);
        }
    }

    private void AssertBroken(byte[] bytes)
    {
        string path = _folder.Write("broken.zip", bytes);
        Exception? exception = Record.Exception(() => TextCollection.Read(path).Count());
        Assert.True(exception is DatasetException, $"{exception}");
    }

    private string Archive(params (string Name, string Text)[] entries)
    {
        using (FileStream file = File.Create(_folder["texts.zip"]))
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create))
        {
            foreach ((string name, string text) in entries)
            {
                using var writer = new StreamWriter(archive.CreateEntry(name).Open());
                writer.Write(text);
            }
        }

        return _folder["texts.zip"];
    }
}
