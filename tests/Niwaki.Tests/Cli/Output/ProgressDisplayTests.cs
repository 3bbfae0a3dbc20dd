using Niwaki.Cli.Output;
using Niwaki.Evaluation.Tasks;
using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Training;

namespace Niwaki.Tests.Cli.Output;

public class ProgressDisplayTests
{
    [Fact]
    public void Report_NoTerminal_ALineAStageAndOneAMinute()
    {
        using var error = new StringWriter();
        var time = new ManualTime();
        using var display = ProgressDisplay.Start(new Terminal(TextWriter.Null, error), quiet: false, time: time);

        display.Report(new PruningProgress("round 1", 0));
        for (int second = 1; second <= 150; second++)
        {
            time.Advance(1);
            display.Report(new PruningProgress("round 1", second / 300.0, 4.5, 100L * second));
        }

        display.Report(new PruningProgress("round 2", 0.5));

        // At 0 s, 60 s and 120 s, and where the stage changes. 60 of 300 seconds: 20 %, 240 s left, 100 tokens a second.
        // A timer that fires at 60 s sees what was reported a second before.
        string[] lines = error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Equal("round 1 (0.0% done)", lines[0]);
        Assert.Equal("round 1 (19.7% done, 100 tokens/s, 4 min 1 s left, loss 4.5000)", lines[1]);
        Assert.StartsWith("round 1 (39.7% done, 100 tokens/s, 3 min 1 s left", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("round 2 (50.0% done", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Report_WorkThatReportsRarely_StillALineAMinute()
    {
        using var error = new StringWriter();
        var time = new ManualTime();
        using var display = ProgressDisplay.Start(new Terminal(TextWriter.Null, error), quiet: false, time: time);
        display.Report("calibration text", 0, 0, null);

        for (int i = 0; i < 4; i++)
        {
            time.Advance(30);
        }

        Assert.Equal(3, error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Report_NoStages_NothingBeforeAMinute()
    {
        using var error = new StringWriter();
        var time = new ManualTime();
        using var display = ProgressDisplay.Start(new Terminal(TextWriter.Null, error), quiet: false, hasStages: false, time);
        var pass = new PassDisplay(display, "both models", 0.5, 1, 1000);
        for (int second = 0; second < 60; second++)
        {
            display.Report(new TaskProgress("piqa", second, 100, 10L * second));
            Assert.Equal("", error.ToString());
            time.Advance(second == 59 ? 0 : 1);
        }

        pass.Report(new PassProgress(0.5, 200, 3.25));
        time.Advance(1);

        // The first half and half of the second one are 75 %; 1,200 tokens in 59 s; a quarter left at 75 % in 59 s.
        Assert.Equal("both models (75.0% done, 20 tokens/s, 19.7 s left, loss 3.2500)", error.ToString().TrimEnd());
    }

    [Fact]
    public void Report_Quiet_Nothing()
    {
        using var error = new StringWriter();
        using var display = ProgressDisplay.Start(new Terminal(TextWriter.Null, error), quiet: true, time: new ManualTime());

        display.Report(new PruningProgress("round 1", 0));

        Assert.Equal("", error.ToString());
    }

    // After a resume the first half comes from the journal in no time; the pace is that of what follows.
    [Fact]
    public void Pace_JumpAtTheBeginning_IsForgotten()
    {
        var time = new ManualTime();
        var pace = new Pace(time);
        pace.Add(0, 0);
        time.Advance(0.1);
        pace.Add(0.5, 1_000_000);
        for (int second = 1; second <= 200; second++)
        {
            time.Advance(1);
            pace.Add(0.5 + (second / 1000.0), 1_000_000 + (10L * second));
        }

        Assert.Equal(10, pace.TokensPerSecond!.Value, 6);
        Assert.Equal(300, pace.SecondsLeft!.Value, 6); // 0.3 left at 0.001 a second
    }

    [Theory]
    [InlineData(false, 3)] // at 0 s and 60 s, and the last step
    [InlineData(true, 121)]
    public void Training_Lines_OneAMinuteUnlessAllAreAskedFor(bool everyLine, int expected)
    {
        using var error = new StringWriter();
        var time = new ManualTime();
        var display = new TrainingDisplay(new Terminal(TextWriter.Null, error), "", everyLine, time);

        for (int step = 1; step <= 121; step++)
        {
            display.Report(new TrainingProgress(new TrainingStep(step, 2, 0.1, 1), 121, null, 100, 1));
            time.Advance(0.75);
        }

        Assert.Equal(expected, error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
