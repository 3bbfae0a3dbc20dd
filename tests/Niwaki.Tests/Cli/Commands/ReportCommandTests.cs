using Niwaki.Reports;
using Niwaki.Tests.Reports;

namespace Niwaki.Tests.Cli.Commands;

public class ReportCommandTests
{
    [Fact]
    public void Report_Default_WritesPageAndSamplesThatStay()
    {
        using var run = new FinishedRun("model");

        CommandResult first = CommandRunner.Run("report", run.Path, "--samples", "2", "--sample-tokens", "6", "--json");
        byte[] samples = File.ReadAllBytes(run[SampleTexts.FileName]);
        CommandResult second = CommandRunner.Run("report", run.Path, "--samples", "2", "--sample-tokens", "6", "--json");

        Assert.Equal(run["report.html"], first.Json.GetProperty("page").GetString());
        Assert.Equal(2, second.Json.GetProperty("samples").GetInt32());
        Assert.Equal(samples, File.ReadAllBytes(run[SampleTexts.FileName]));
        Assert.All(SampleTexts.Read(run[SampleTexts.FileName]).Texts, text => Assert.NotNull(text.Before));
    }

    [Fact]
    public void Report_SourceGone_SaysSoAndWritesThePage()
    {
        using var run = new FinishedRun("model");
        Directory.Delete(run.Source, recursive: true);

        CommandResult result = CommandRunner.Run("report", run.Path, "--samples", "1", "--sample-tokens", "4");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("is not there", result.Error, StringComparison.Ordinal);
        Assert.Null(SampleTexts.Read(run[SampleTexts.FileName]).Texts[0].Before);
    }

    [Fact]
    public void Report_ModelFolder_Fails() => CommandRunner.Run("report", CommandRunner.Sample).AssertFails(1, "has no recipe.yaml", "niwaki prune");

    [Fact]
    public void Report_BrokenSamples_ReturnsModelFile()
    {
        using var run = new FinishedRun("model");
        File.WriteAllText(run[SampleTexts.FileName], "{\"texts\": 3}");

        CommandRunner.Run("report", run.Path).AssertFails(3, "samples.json");
    }

    [Fact]
    public void Compare_Runs_WritesTableMarkdownAndPage()
    {
        using var run = new FinishedRun("model");

        CommandResult table = CommandRunner.Run("compare", run.Path, run.Source, "--markdown", run["c.md"], "--html", run["c.html"]);

        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.Contains("perplexity A", table.Output, StringComparison.Ordinal);
        Assert.Contains("| bonsai |", File.ReadAllText(run["c.md"]), StringComparison.Ordinal);
        Assert.Contains("<td>bonsai</td>", File.ReadAllText(run["c.html"]), StringComparison.Ordinal);
        Assert.Equal(2, CommandRunner.Run("compare", run.Path, run.Source, "--json").Json.GetProperty("models").GetArrayLength());
    }

    [Fact]
    public void Prune_ModelCard_HoldsWhatWasMeasured()
    {
        using var run = new FinishedRun("model");

        string card = File.ReadAllText(run["model/README.md"]);

        Assert.Contains("Protocol `gptq`", card, StringComparison.Ordinal);
        Assert.Contains("| Perplexity |", card, StringComparison.Ordinal);
    }
}
