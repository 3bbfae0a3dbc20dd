using Niwaki.Reports;

namespace Niwaki.Tests.Reports;

public class ComparisonTests
{
    private static readonly EvaluationIdentity First = new("gptq", 256, 1000, "a.txt", "aaaaaaaaaaaaaaaa");
    private static readonly EvaluationIdentity Second = First with { Fingerprint = "bbbbbbbbbbbbbbbb" };

    [Fact]
    public void Table_SameText_OneColumn()
    {
        var comparison = new Comparison([Model("x", First, 2), Model("y", First, 3)]);

        int column = Column(comparison, "perplexity A");
        Assert.Equal(["7.39", "20.09"], comparison.Rows.Select(row => row[column])); // e², e³
        Assert.DoesNotContain("perplexity B", comparison.Headers);
        Assert.DoesNotContain(comparison.Notes, note => note.Contains("cannot be compared", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("window")]
    [InlineData("protocol")]
    public void Table_MeasuredInAnotherWay_ColumnsOfTheirOwn(string difference)
    {
        EvaluationIdentity other = difference switch
        {
            "text" => Second,
            "window" => First with { Window = 128 },
            _ => First with { Protocol = "llamacpp" },
        };

        var comparison = new Comparison([Model("x", First, 2), Model("y", other, 3)]);

        Assert.Equal(["7.39", "-"], comparison.Rows.Select(row => row[Column(comparison, "perplexity A")]));
        Assert.Equal(["-", "20.09"], comparison.Rows.Select(row => row[Column(comparison, "perplexity B")]));
        Assert.Contains(comparison.Notes, note => note.Contains("cannot be compared", StringComparison.Ordinal));
    }

    [Fact]
    public void Table_SpeedOnAnotherMachine_ColumnsOfItsOwn()
    {
        ComparedModel here = Model("x", First, 2) with { Speed = Speeds.Report((300, 100), (50, 20)) };
        ComparedModel there = Model("y", First, 2) with { Speed = Speeds.Report((200, 100), (30, 20), "another machine") };

        var comparison = new Comparison([here, there]);

        Assert.Equal(["2.50", "-"], comparison.Rows.Select(row => row[Column(comparison, "decode B")]));
        Assert.Equal(["-", "1.50"], comparison.Rows.Select(row => row[Column(comparison, "decode C")]));
    }

    [Fact]
    public void ToMarkdown_ForeignNames_CannotLeaveTheirCell()
    {
        string text = new Comparison([Model("a|b\n<b>`c`", First, 2)]).ToMarkdown();

        Assert.Contains("| a/b\\u000a(b)'c' |", text, StringComparison.Ordinal);
        Assert.Equal(3, text.Split('\n').Count(line => line.StartsWith('|')));
    }

    [Fact]
    public void ToHtml_ForeignNames_AreEscaped() =>
        Assert.DoesNotContain("<b>", new Comparison([Model("<b>", First, 2)]).ToHtml(), StringComparison.Ordinal);

    [Fact]
    public void Read_RunAndModel_TellWhatTheyAre()
    {
        using var run = new FinishedRun("model");

        var pruned = ComparedModel.Read(run.Path);
        var dense = ComparedModel.Read(run.Source);

        Assert.Equal("bonsai", pruned.Method);
        Assert.True(pruned.Parameters < dense.Parameters);
        Assert.Null(dense.Measured);
        Assert.Equal(64, pruned.Measured!.Fingerprint.Length);
    }

    private static int Column(Comparison comparison, string header) => comparison.Headers.ToList().IndexOf(header);

    private static ComparedModel Model(string name, EvaluationIdentity identity, double loss) => new(name, "bonsai", 0.5, 100, 200, identity, 1, loss, null);
}
