using System.Text.Json;
using Niwaki.Cli;
using Niwaki.Evaluation.Speed;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Reports;

namespace Niwaki.Tests.Cli.Commands;

public class BenchCommandTests
{
    private static readonly string[] Quick = ["--batch", "1,2", "--lengths", "4+3", "--rounds", "1"];

    [Fact]
    public void Bench_Run_MeasuresItBesideItsSourceAndLeavesItForTheReport()
    {
        using var run = new FinishedRun("model");

        CommandResult result = CommandRunner.Run(["bench", run.Path, .. Quick, "--markdown", run["bench.md"]]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("decode tokens/s", result.Output, StringComparison.Ordinal);
        Assert.Contains("without the mapped model file", result.Output, StringComparison.Ordinal);
        var report = SpeedReport.Read(run[SpeedReport.FileName]);
        Assert.Equal([run.Path, run.Source], report.Models.Select(model => model.Name));
        Assert.Contains("| ratio | of blocks |", File.ReadAllText(run["bench.md"]), StringComparison.Ordinal);
        Assert.Equal(0, CommandRunner.Run("report", run.Path, "--samples", "0").ExitCode);
        Assert.DoesNotContain("not measured", File.ReadAllText(run["report.html"]), StringComparison.Ordinal);
    }

    // What a person wrote stays; the measurement is in the folder all the same.
    [Fact]
    public void Bench_Run_PutsTheSpeedOnTheCardUnlessItWasEdited()
    {
        using var run = new FinishedRun("model");
        string card = run[Path.Combine("model", "README.md")];
        Assert.Contains("Not measured here", File.ReadAllText(card), StringComparison.Ordinal);

        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("", Warning(CommandRunner.Run(["bench", run.Path, .. Quick])));
            string text = File.ReadAllText(card);
            Assert.Contains("|  | pruned | source | ratio | of blocks |", text, StringComparison.Ordinal);
            Assert.DoesNotContain(run.Path, text, StringComparison.Ordinal);
        }

        // Beside another model the figures say nothing about the source: card and folder stay as they are.
        string written = File.ReadAllText(card);
        string measured = File.ReadAllText(run[SpeedReport.FileName]);
        Assert.Equal(0, CommandRunner.Run(["bench", run.Path, "--against", run.Path, .. Quick]).ExitCode);
        Assert.Equal((written, measured), (File.ReadAllText(card), File.ReadAllText(run[SpeedReport.FileName])));

        File.AppendAllText(card, "By hand.\n");
        string edited = File.ReadAllText(card);
        Assert.Contains("not as Niwaki wrote it", Warning(CommandRunner.Run(["bench", run.Path, .. Quick])), StringComparison.Ordinal);
        Assert.Equal(edited, File.ReadAllText(card));
    }

    // The measurement of the model alone is not the one that the folder is for.
    [Fact]
    public void Bench_RunWhoseSourceIsGone_LeavesTheMeasurementBesideIt()
    {
        using var run = new FinishedRun("model");
        string card = run[Path.Combine("model", "README.md")];
        Assert.Equal(0, CommandRunner.Run(["bench", run.Path, .. Quick]).ExitCode);
        (string, string) before = (File.ReadAllText(card), File.ReadAllText(run[SpeedReport.FileName]));
        Directory.Delete(run.Source, recursive: true);

        CommandResult result = CommandRunner.Run(["bench", run.Path, .. Quick]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("measured alone", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, (File.ReadAllText(card), File.ReadAllText(run[SpeedReport.FileName])));
    }

    // There is no such model: whoever opens it before the path is looked at says that, with another exit code.
    [Theory]
    [InlineData("--out")]
    [InlineData("--markdown")]
    public void Bench_PathThatCannotBeWritten_FailsBeforeAnythingIsMeasured(string option)
    {
        using var folder = new TemporaryFolder();

        CommandRunner.Run(["bench", folder["nowhere"], option, folder["missing/bench"]]).AssertFails(1, "missing/bench' lies in a folder that does not exist");
        CommandRunner.Run(["bench", folder["nowhere"], option, folder.Path]).AssertFails(1, $"'{folder.Path}' is a folder");
        CommandRunner.Run(["bench", folder["nowhere"], option, folder["bench"]]).AssertFails(3, "nowhere");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Bench_Out_ShowsBeforeItWrites()
    {
        using var folder = new TemporaryFolder();
        using var output = new LookingWriter(() => File.Exists(folder["bench.json"]) ? 1 : 0);
        using var error = new StringWriter();
        string[] args = ["bench", SmallModel.Write(folder["model"]), .. Quick, "--out", folder["bench.json"], "--json", "--threads", "1"];

        int code = NiwakiCommandLine.Run(args, output, error, TestContext.Current.CancellationToken);

        Assert.Equal((0, 0, true), (code, output.Seen, File.Exists(folder["bench.json"])));
    }

    private static string Warning(CommandResult result) => string.Concat(result.Error.Split('\n').Where(line => line.Contains("card", StringComparison.Ordinal)));

    [Fact]
    public void Bench_Json_IsTheReport()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Run(["bench", model, "--against", model, .. Quick, "--json"]);

        JsonElement json = result.Json;
        Assert.Equal("", result.Error);
        Assert.Equal(4, json.GetProperty("rows").GetArrayLength());
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"], Directory.GetFiles(model).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Bench_LengthsBeyondTheContext_AreLeftOutAndNamed() =>
        Assert.Contains("512+128", CommandRunner.Run("bench", CommandRunner.Sample, "--batch", "1", "--lengths", "4+2,512+128", "--rounds", "1").Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("context of 256", "--lengths", "512+128")]
    [InlineData("pairs such as", "--lengths", "12")]
    [InlineData("whole numbers", "--batch", "one")]
    [InlineData("Batches are 0", "--batch", "0")]
    [InlineData("Rounds are 0", "--rounds", "0")]
    [InlineData("shortened-llama", "--protocol", "fast")]
    public void Bench_ArgumentsThatMakeNoSense_ReturnsUsage(string message, params string[] args) =>
        CommandRunner.Run(["bench", CommandRunner.Sample, .. args]).AssertFails(2, message);
}
