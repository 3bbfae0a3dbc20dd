using System.Text;
using Niwaki.Formats;
using Niwaki.Numerics;
using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class JournalTests : IDisposable
{
    private const string Header = "{\"format\":\"niwaki-journal\",\"version\":1,\"vector\":\"avx2\"}\n";

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["journal.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Append_TwoEvaluations_WritesTheseLines()
    {
        using (Journal journal = Journal.Open(File, "avx2"))
        {
            journal.Append("dense", new EvaluationRecord(2.5, 1270, 0.25));
            journal.Append("bonsai 1/2 <\"+\"\\>", new EvaluationRecord(double.PositiveInfinity, 0, 0));
        }

        const string Lines = """
            {"key":"dense","loss":2.5,"tokens":1270,"seconds":0.25}
            {"key":"bonsai 1/2 <\"+\"\\>","loss":"Infinity","tokens":0,"seconds":0}

            """;
        Assert.Equal(Header + Lines, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Append_WhileOpen_OthersCanReadTheLine()
    {
        using Journal journal = Journal.Open(File, "avx2");
        journal.Append("a", new EvaluationRecord(1, 2, 3));
        using FileStream reader = new(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader text = new(reader);
        Assert.EndsWith("{\"key\":\"a\",\"loss\":1,\"tokens\":2,\"seconds\":3}\n", text.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AgainOnAnotherWidth_KeepsEntriesAndRecordedWidth()
    {
        JournalEntry[] entries = WriteEntries(3);
        using Journal journal = Journal.Open(File, "avx512");
        Assert.Equal(entries, journal.Entries);
        Assert.Equal(("avx2", "avx512"), (journal.RecordedVectorPath, journal.VectorPath));
        Assert.Equal((1, -1), (journal.IndexOf(entries[1].Key), journal.IndexOf("absent")));
    }

    [Fact]
    public void Open_CutAtEveryByte_KeepsWholeLinesAndGoesOn()
    {
        JournalEntry[] entries = WriteEntries(5);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        for (int length = 0; length <= whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);

            // Lines are whole up to the last line end; the first line is the header.
            int complete = Math.Max(0, whole.AsSpan(0, length).Count((byte)'\n') - 1);
            using (Journal journal = Journal.Open(File, "avx2"))
            {
                Assert.Equal(entries[..complete], journal.Entries);
                foreach (JournalEntry entry in entries[complete..])
                {
                    journal.Append(entry.Key, entry.Record);
                }
            }

            Assert.Equal(whole, System.IO.File.ReadAllBytes(File));
        }
    }

    [Fact]
    public void Open_RandomBitPatterns_AreTheSameBits()
    {
        var random = new SeededRandom(3);
        double[] losses =
        [
            0, -0.0, 0.1, 1.0 / 3, double.Epsilon, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity,
            .. Enumerable.Range(0, 500).Select(_ => BitConverter.UInt64BitsToDouble(random.NextBits())).Where(value => !double.IsNaN(value)),
        ];
        using (Journal journal = Journal.Open(File, "avx2"))
        {
            foreach ((int i, double loss) in losses.Index())
            {
                journal.Append($"{i}", new EvaluationRecord(loss, i, 0.1 * i));
            }

            journal.Append("nan", new EvaluationRecord(double.NaN, long.MaxValue, double.MaxValue));
        }

        using Journal again = Journal.Open(File, "avx2");
        EvaluationRecord[] records = [.. again.Entries.SkipLast(1).Select(entry => entry.Record)];
        Assert.Equal(losses.Select(BitConverter.DoubleToInt64Bits), records.Select(record => BitConverter.DoubleToInt64Bits(record.LossNats)));
        Assert.Equal(losses.Index().Select(pair => 0.1 * pair.Index), records.Select(record => record.Seconds));
        Assert.Equal(new EvaluationRecord(double.NaN, long.MaxValue, double.MaxValue), again.Entries[^1].Record);
    }

    [Fact]
    public void Open_MoreLinesThanOneBuffer_ReadsAll()
    {
        IEnumerable<string> keys = Enumerable.Range(0, 5000).Select(i => new string('k', i % 190) + i);
        IEnumerable<string> lines = keys.Select((key, i) => $"{{\"key\":\"{key}\",\"loss\":{i},\"tokens\":1,\"seconds\":1}}\n");
        _folder.Write("journal.jsonl", Header + string.Concat(lines)); // about 750 KB
        using Journal journal = Journal.Open(File, "avx2");
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (double)i), journal.Entries.Select(entry => entry.Record.LossNats));
    }

    [Theory]
    [InlineData("hello\n", "JSON is broken")]
    [InlineData("[]\n", "line is [], expected an object with format, version, vector")]
    [InlineData("{\"format\":\"x\",\"version\":1,\"vector\":\"avx2\"}\n", "'format' is \"x\", expected \"niwaki-journal\"")]
    [InlineData("{\"format\":\"niwaki-journal\",\"version\":2,\"vector\":\"avx2\"}\n", "'version' is 2, expected 1. A later version")]
    [InlineData("{\"format\":\"niwaki-journal\",\"version\":1,\"vector\":\"\"}\n", "'vector' is \"\", expected 1 to 200 printable")]
    [InlineData(Header + "\n", "JSON is broken")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1,\"tokens\":1}\n", "line has no 'seconds', expected an object with key, loss, tokens, seconds")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1,\"tokens\":1,\"seconds\":1,\"x\":1}\n", "line has 5 fields, expected an object")]
    [InlineData(Header + "{\"key\":\"a\",\"key\":\"a\",\"loss\":1,\"tokens\":1,\"seconds\":1}\n", "name 'key' appears twice")]
    [InlineData(Header + "{\"key\":7,\"loss\":1,\"tokens\":1,\"seconds\":1}\n", "'key' is 7, expected 1 to 200 printable")]
    [InlineData(Header + "{\"key\":\"a\\n\",\"loss\":1,\"tokens\":1,\"seconds\":1}\n", "'key' is \"a\\n\", expected 1 to 200 printable")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":\"x\",\"tokens\":1,\"seconds\":1}\n", "'loss' is \"x\", expected a number")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1e999,\"tokens\":1,\"seconds\":1}\n", "number 1e999 overflows")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1,\"tokens\":-1,\"seconds\":1}\n", "'tokens' is -1, expected a whole number, 0 or more")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1,\"tokens\":1,\"seconds\":-1}\n", "'seconds' is -1, expected a number, 0 or more")]
    [InlineData(Header + "{\"key\":\"a\",\"loss\":1,\"tokens\":1,\"seconds\":1} {}\n", "JSON is broken")]
    public void Open_BrokenLine_SaysWhatAndKeepsTheFile(string content, string message)
    {
        _folder.Write("journal.jsonl", content);
        var error = Assert.Throws<ModelFormatException>(() => Journal.Open(File, "avx2"));
        Assert.StartsWith("journal.jsonl, byte ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Open_RepeatedKey_NamesTheSecondLine()
    {
        const string Line = "{\"key\":\"a\",\"loss\":1,\"tokens\":1,\"seconds\":1}\n";
        _folder.Write("journal.jsonl", Header + Line + Line);
        var error = Assert.Throws<ModelFormatException>(() => Journal.Open(File, "avx2"));
        Assert.Equal(Header.Length + Line.Length, error.BytePosition);
        Assert.Contains("key 'a' appears twice, expected each evaluation once", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(1 << 22)]
    public void Open_EndlessLine_ThrowsAndKeepsTheFile(int bytes)
    {
        _folder.Write("journal.jsonl", [.. Encoding.ASCII.GetBytes(Header), .. new byte[bytes]]);
        var error = Assert.Throws<ModelFormatException>(() => Journal.Open(File, "avx2"));
        Assert.Contains("expected at most 1,024", error.Message, StringComparison.Ordinal);
        Assert.Equal(Header.Length + bytes, new FileInfo(File).Length);
    }

    [Fact]
    public void Open_ZerosAfterAPowerCut_AreRemoved()
    {
        JournalEntry[] entries = WriteEntries(2);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, [.. whole, .. new byte[60]]);
        using Journal journal = Journal.Open(File, "avx2");
        Assert.Equal(entries, journal.Entries);
        Assert.Equal(whole.Length, new FileInfo(File).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ä")]
    [InlineData("a\nb")]
    public void Append_KeyThatIsNoName_Throws(string key)
    {
        using Journal journal = Journal.Open(File, "avx2");
        Assert.Throws<ArgumentException>(() => journal.Append(key, default));
        Assert.Throws<ArgumentException>(() => Journal.Open(_folder["other"], key));
    }

    [Fact]
    public void Append_LongestKey_ReadsBack()
    {
        string key = new('"', 200); // two bytes a character in JSON
        using (Journal journal = Journal.Open(File, "avx2"))
        {
            journal.Append(key, new EvaluationRecord(-1.2345678901234567e-300, long.MaxValue, 1.2345678901234567e300));
            Assert.Throws<ArgumentException>(() => journal.Append(key + "x", default));
        }

        using Journal again = Journal.Open(File, "avx2");
        Assert.Equal(0, again.IndexOf(key));
    }

    [Fact]
    public void Append_KnownKeyOrBadNumbers_ThrowsAndWritesNothing()
    {
        WriteEntries(1);
        byte[] before = System.IO.File.ReadAllBytes(File);
        using (Journal journal = Journal.Open(File, "avx2"))
        {
            Assert.Throws<ArgumentException>(() => journal.Append(journal.Entries[0].Key, default));
            Assert.Throws<ArgumentException>(() => journal.Append("x", new EvaluationRecord(1, -1, 0)));
            Assert.Throws<ArgumentException>(() => journal.Append("x", new EvaluationRecord(1, 1, double.NaN)));
        }

        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    private JournalEntry[] WriteEntries(int count)
    {
        IEnumerable<EvaluationRecord> records = Enumerable.Range(0, count).Select(i => new EvaluationRecord(1.0 / (i + 3), 100 * i, i / 7.0));
        JournalEntry[] entries = [.. records.Select((record, i) => new JournalEntry($"evaluation/{i}", record))];
        using Journal journal = Journal.Open(File, "avx2");
        foreach (JournalEntry entry in entries)
        {
            journal.Append(entry.Key, entry.Record);
        }

        return entries;
    }
}
