using System.IO.Compression;
using Niwaki.Datasets;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Datasets.Benchmarks;

public sealed class TableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_JsonLines_FieldsByName()
    {
        IReadOnlyList<TableRow> rows = Read("a.jsonl", """
            {"text": "é", "n": 3, "s": "4", "yes": true, "choices": {"text": ["a", "b"], "label": [0, "1"]}}

            {"text": "second"}
            """);

        Assert.Equal(2, rows.Count);
        Assert.Equal(("é", 3, 4, 1), (rows[0].Text("text"), rows[0].Whole("n"), rows[0].Whole("s"), rows[0].Whole("yes")));
        Assert.Equal(["a", "b"], rows[0].Texts("choices.text"));
        Assert.Equal([0, 1], rows[0].Wholes("choices.label"));
        Assert.EndsWith("a.jsonl, line 3", rows[1].Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_JsonArrayAndCsv_SameRows()
    {
        Assert.Equal("x, \"y\"\nz", Read("a.json", """[{"q": "x, \"y\"\nz"}]""")[0].Text("q"));
        IReadOnlyList<TableRow> rows = Read("a.csv", "q,n\r\n\"x, \"\"y\"\"\nz\",1\r\nplain \"q\" here,2\r\n\r\n");
        Assert.Equal(["x, \"y\"\nz", "plain \"q\" here"], rows.Select(row => row.Text("q")));
        Assert.Equal([1, 2], rows.Select(row => row.Whole("n")));
    }

    [Theory]
    [InlineData("a.jsonl", "{\"a\": 1", "line 1: is no JSON")]
    [InlineData("a.jsonl", "{\"a\": 1}\n[1]", "line 2: holds Array")]
    [InlineData("a.jsonl", "{\"a\": 1, \"a\": 2}", "line 1: is no JSON")]
    [InlineData("a.jsonl", "\n \n{}\n3", "line 4: holds Number")]
    [InlineData("a.jsonl", "{\"a\": \"\\ud800\"}", "half a surrogate pair")]
    [InlineData("a.json", "{}", "holds no array")]
    [InlineData("a.json", "[]", "holds no row")]
    [InlineData("a.csv", "a,b\n1", "record 2: has 1 fields, expected 2")]
    [InlineData("a.csv", "a\n\"1", "line 2: begins a quoted field that does not end")]
    [InlineData("a.csv", "a\n\"1\"2", "line 2: has '2' behind a field")]
    [InlineData("a.csv", "a,b\n", "holds no row")]
    [InlineData("a.xml", "<a/>", "ends in '.XML'")]
    public void Read_BrokenFile_Throws(string name, string text, string message) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Read(name, text)).Message, StringComparison.Ordinal);

    /// <summary>The third row is one too many; what comes behind it is not looked at.</summary>
    [Fact]
    public void Csv_MoreRowsThanMayBe_ThrowsAtTheFirstOfThem() =>
        Assert.Contains("a.csv: holds more than 2 rows, expected 1 to 2", Message(() => TableFile.Csv("a\n1\n2\n3\n\"broken", "a.csv", null, 2)), StringComparison.Ordinal);

    /// <summary>2 MiB in the file, 4 as a string, 1 to read it; a list of the lines would be 16 more.</summary>
    [Fact]
    public void Read_EmptyLines_TakeNoMemory()
    {
        string path = Write("a.jsonl", "{}" + new string('\n', 1 << 21));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Single(TableFile.Read(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 12 << 20);
    }

    [Fact]
    public void Fields_OfAnotherKind_ThrowWithThePlace()
    {
        TableRow row = Read("a.jsonl", """{"n": 1.5, "t": [1], "e": [], "m": ["a", 1], "long": "LONG"}""".Replace("LONG", new string('x', 100), StringComparison.Ordinal))[0];
        Assert.Contains("a.jsonl, line 1: has 1.5 in field 'n', expected a whole number", Message(() => row.Whole("n")), StringComparison.Ordinal);
        Assert.Contains("has [1] in field 't', expected a text", Message(() => row.Text("t")), StringComparison.Ordinal);
        Assert.Contains("expected a list of texts", Message(() => row.Texts("e")), StringComparison.Ordinal);
        Assert.Contains("expected a list of texts", Message(() => row.Texts("m")), StringComparison.Ordinal);
        Assert.Contains("expected a list of whole numbers", Message(() => row.Wholes("m")), StringComparison.Ordinal);
        Assert.Contains("has no field 'x' (there are: n, t, e, m, long)", Message(() => row.Text("x")), StringComparison.Ordinal);
        Assert.Contains("has no field 'n.x'", Message(() => row.Text("n.x")), StringComparison.Ordinal);
        Assert.Contains("…", Message(() => row.Whole("long")), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_Names_AreFoundInTheirOrder()
    {
        var folder = new BenchmarkFolder(_folder[""]);
        var test = new BenchmarkSplit("task", "test", true);
        Assert.Contains("has no data for split 'test' of task 'task', expected task-test.jsonl", Message(() => folder.Read(test)), StringComparison.Ordinal);
        Write("task-100.jsonl", """{"a": "part"}""");
        Assert.Equal("part", folder.Read(test)[0].Text("a"));
        Write("task.jsonl", """{"a": "whole"}""");
        Assert.Equal("whole", folder.Read(test)[0].Text("a"));
        Write("task/test.jsonl", """{"a": "split"}""");
        Assert.Equal("split", folder.Read(test)[0].Text("a"));
        Assert.Throws<DatasetException>(() => folder.Read(new BenchmarkSplit("task", "train", false)));
        Write("task/train-00000-of-00001.json", """[{"a": "train"}]""");
        Assert.Equal("train", folder.Read(new BenchmarkSplit("task", "train", false))[0].Text("a"));
        Assert.Throws<DirectoryNotFoundException>(() => new BenchmarkFolder(_folder["nowhere"]));
    }

    [Fact]
    public void Folder_GroupOfSubjects_FromArchiveOrFolder()
    {
        var folder = new BenchmarkFolder(_folder[""]);
        var split = new BenchmarkSplit("g_one", "dev", false) { Group = "g", Subject = "one", Columns = ["q", "a"] };
        using (ZipArchive archive = ZipFile.Open(_folder["g.zip"], ZipArchiveMode.Create))
        {
            using var writer = new StreamWriter(archive.CreateEntry("data/dev/one_dev.csv").Open());
            writer.Write("zipped,1\n");
        }

        Assert.Equal("zipped", folder.Read(split)[0].Text("q"));
        Assert.Contains("has no entry that ends in '/dev/two_dev.csv'", Message(() => folder.Read(split with { Subject = "two" })), StringComparison.Ordinal);
        Write("g/dev/one_dev.csv", "plain,2\n");
        Assert.Equal("plain", folder.Read(split)[0].Text("q"));
        Write("h.zip", "no archive");
        Assert.Contains("cannot be unpacked", Message(() => folder.Read(split with { Task = "h_one", Group = "h" })), StringComparison.Ordinal);
    }

    private static string Message(Func<object> action) => Assert.Throws<DatasetException>(action).Message;

    private string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        return _folder.Write(name, text);
    }

    private IReadOnlyList<TableRow> Read(string name, string text) => TableFile.Read(Write(name, text));
}
