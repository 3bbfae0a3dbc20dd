using System.Text.RegularExpressions;
using Niwaki.Evaluation.Speed;
using Niwaki.Reports;
using Niwaki.Runs;

namespace Niwaki.Tests.Reports;

public class RunPageTests
{
    private static readonly string[] Sections =
        ["What went", "What units were worth", "The way there", "Shapes", "Speed and memory", "How it writes", "Where it runs", "Doing it again"];

    [Theory]
    [InlineData("bonsai")]
    [InlineData("depth")]
    [InlineData("niwaki")]
    [InlineData("magnitude")]
    [InlineData("random")]
    public void Write_AnyMethod_HasEverySectionAndTheFiguresOfTheReport(string method)
    {
        using var run = new FinishedRun("model", "--method", method);

        string page = Page(run);

        Assert.All(Sections, section => Assert.Contains($"<h2>{section}</h2>", page, StringComparison.Ordinal));
        var report = RunReport.Read(run["report.json"]);
        Assert.Contains(Quantity.Count(report.ParametersAfter), page, StringComparison.Ordinal);
        Assert.Contains(Quantity.Figure(report.PerplexityAfter, 2), page, StringComparison.Ordinal);
        Assert.Contains($"protocol gptq, window {report.EvaluationWindow}", page, StringComparison.Ordinal);
        Assert.Contains("method: " + method, page, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Page_AsksForNothingFromElsewhere()
    {
        using var run = new FinishedRun("model");

        string page = Page(run);

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https://", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(new Regex("""\b(src|href|url)\s*[=(]"""), page);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NamesOfStrangers_AreEscaped()
    {
        using var run = new FinishedRun("<img onerror=alert(1)>&'\"");
        new SampleTexts(0, 0, 8, [new SampleText("</blockquote><b>prompt", "<i>before", "<u>after\u0000")]).Write(run[SampleTexts.FileName]);

        string page = Page(run);

        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains("&lt;img onerror=alert(1)&gt;&amp;&#x27;&quot;", page, StringComparison.Ordinal);
        Assert.Contains("&lt;/blockquote&gt;&lt;b&gt;prompt", page, StringComparison.Ordinal);
        Assert.Contains("&lt;i&gt;before", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<u>after", page, StringComparison.Ordinal);
    }

    // SmallModel has 2 blocks of 4 KV groups: 8 cells; what is kept is full, what is gone empty.
    [Fact]
    public void Write_KeptMap_IsThatOfThePlan()
    {
        using var run = new FinishedRun("model");
        var facts = RunFacts.Read(run.Path);

        string map = Page(run).Split("<h3>KV groups</h3>")[1].Split("</figure>")[0];

        int kept = facts.Plan.Selection.Blocks.Sum(block => block.KeyValueHeads.Length);
        Assert.Equal(kept, Regex.Count(map, "class=\"full\""));
        Assert.Equal(8 - kept, Regex.Count(map, "class=\"empty\""));
    }

    [Fact]
    public void Write_NothingMeasured_SaysSoWithTheCommand()
    {
        using var run = new FinishedRun("model");

        string page = Page(run);

        Assert.Equal(3, Regex.Count(page, "not measured</div>"));
        Assert.Contains($"niwaki bench {run.Path}", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SpeedMeasured_ShowsRatios()
    {
        using var run = new FinishedRun("model");
        Speeds.Report(prefill: (300, 100), decode: (50, 20)).Write(run[SpeedReport.FileName]);

        string page = Page(run);

        Assert.DoesNotContain("not measured", page, StringComparison.Ordinal);
        Assert.Contains("3.00 times", page, StringComparison.Ordinal); // 300 / 100
        Assert.Contains("2.50 times", page, StringComparison.Ordinal); // 50 / 20
    }

    [Fact]
    public void Read_RunThatHasNotEnded_Throws()
    {
        using var run = new FinishedRun("model");
        File.Delete(run["report.json"]);

        RunFolderException error = Assert.Throws<RunFolderException>(() => RunFacts.Read(run.Path));

        Assert.Contains("niwaki resume", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SourceGone_Works()
    {
        using var run = new FinishedRun("model");
        Directory.Delete(run.Source, recursive: true);

        Assert.Contains("What went", Page(run), StringComparison.Ordinal);
    }

    private static string Page(FinishedRun run) => RunPage.Write(RunFacts.Read(run.Path), RuntimeFit.Of(run.Path));
}
