using System.Diagnostics;
using Niwaki.Evaluation.Speed;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Reports;

namespace Niwaki.Tests.Evaluation.Speed;

public class SpeedBenchmarkTests
{
    private static readonly SpeedOptions Options = new() { Batches = [1, 3], Lengths = [(5, 4)], Rounds = 2, WarmUp = 1, WarmUpTime = TimeSpan.Zero, PrefillTime = TimeSpan.Zero };

    [Fact]
    public void Measure_TwoModels_ARowEachForEveryBatchAndLength()
    {
        using var folder = new TemporaryFolder();
        using var team = new ThreadTeam(1);
        using var checkpoint = Checkpoint.Open(SmallModel.Write(folder["model"]));
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);
        var seen = new List<SpeedProgress>();

        SpeedReport report = new SpeedBenchmark(Options, new Progress(seen)).Measure(
            [("a", model), ("b", model)], "here", 1, "0.1.0", TestContext.Current.CancellationToken);

        Assert.Equal([(0, 1), (1, 1), (0, 3), (1, 3)], report.Rows.Select(row => (row.Model, row.Batch)));
        Assert.All(report.Rows, row => Assert.True(
            row.Prefill.Low > 0 && row.Prefill.Low <= row.Prefill.Median && row.Prefill.Median <= row.Prefill.High && row.Decode.Low > 0));
        Assert.All(report.Rows, row => Assert.True(row.PrefillOfBlocks.Median > row.Prefill.Median && row.DecodeOfBlocks.Median > row.Decode.Median));
        Assert.Equal(2 * 3 * 2, seen.Count); // batches · runs · models
        Assert.Equal(1, seen[^1].Done, 9);
        Assert.Equal(3 * 2 * 4 * 9, seen[^1].Tokens); // runs · models · (1 + 3) sequences · (5 + 4) tokens
    }

    // Two blocks of 4 KV heads with 8 channels, keys and values in float32: 2 · 4 · 8 · 2 · 4 = 512 bytes a token.
    [Fact]
    public void Measure_Bytes_AreThoseOfTheModel()
    {
        using var folder = new TemporaryFolder();
        using var team = new ThreadTeam(1);
        using var checkpoint = Checkpoint.Open(SmallModel.Write(folder["model"]));
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);

        SpeedReport report = new SpeedBenchmark(Options).Measure([("a", model)], "here", 1, "0.1.0", TestContext.Current.CancellationToken);

        Assert.Equal(512, report.Models[0].KeyValueBytesPerToken);
        Assert.Equal(4096 * 16, report.Models[0].HeadParameters);
        Assert.Equal(3 * 9 * 512, report.Rows[1].KeyValueBytes);
        Assert.All(report.Rows, row => Assert.True(row.PeakBytes >= model.Memory.WeightBytes + row.KeyValueBytes));
    }

    [Theory]
    [InlineData(0, 5, 4, 1)]
    [InlineData(1, 0, 4, 1)]
    [InlineData(1, 5, 0, 1)]
    [InlineData(1, 5, 4, 0)]
    public void Options_OutOfRange_AreFaults(int batch, int prompt, int generated, int rounds) =>
        Assert.Single(new SpeedOptions { Batches = [batch], Lengths = [(prompt, generated)], Rounds = rounds }.Faults());

    [Theory]
    [InlineData(-1)]
    [InlineData(601)]
    public void Faults_WarmUpTimeOutOfRange_NamesIt(int seconds) =>
        Assert.Contains("warm up", Assert.Single(new SpeedOptions { WarmUpTime = TimeSpan.FromSeconds(seconds) }.Faults()), StringComparison.Ordinal);

    [Theory]
    [InlineData(-1)]
    [InlineData(601)]
    public void Faults_PrefillTimeOutOfRange_NamesIt(int seconds) =>
        Assert.Contains("pass prompts", Assert.Single(new SpeedOptions { PrefillTime = TimeSpan.FromSeconds(seconds) }.Faults()), StringComparison.Ordinal);

    // 30 ms hold many passes of five tokens through two blocks 16 wide. Half of the passes, rounded up, took as long as the median or longer, all within the time of the test.
    [Fact]
    public void Run_PrefillTime_PassesThePromptsUntilItIsOver()
    {
        using var folder = new TemporaryFolder();
        using var team = new ThreadTeam(1);
        using var checkpoint = Checkpoint.Open(SmallModel.Write(folder["model"]));
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);
        var time = TimeSpan.FromMilliseconds(30);
        long start = Stopwatch.GetTimestamp();

        var once = SpeedRun.Measure(model, 2, 5, 3, TimeSpan.Zero, TestContext.Current.CancellationToken);
        var often = SpeedRun.Measure(model, 2, 5, 3, time, TestContext.Current.CancellationToken);

        Assert.Equal(1, once.PrefillPasses);
        Assert.True(often.PrefillPasses > 1 && Stopwatch.GetElapsedTime(start) >= time);
        Assert.True(often.PrefillSeconds * ((often.PrefillPasses + 1) / 2) <= Stopwatch.GetElapsedTime(start).TotalSeconds);
        Assert.True(often.PrefillHeadSeconds > 0 && often.PrefillHeadSeconds < often.PrefillSeconds && often.DecodeSeconds > 0);
    }

    [Fact]
    public void Run_CancelledBeforehand_Throws()
    {
        using var folder = new TemporaryFolder();
        using var team = new ThreadTeam(1);
        using var checkpoint = Checkpoint.Open(SmallModel.Write(folder["model"]));
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);

        Assert.Throws<OperationCanceledException>(() => SpeedRun.Measure(model, 1, 5, 1, TimeSpan.FromMinutes(1), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Report_WrittenAndRead_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        SpeedReport report = Speeds.Report((3, 1), (2, 1));

        report.Write(folder["bench.json"]);

        Assert.Equal(report.ToJson(), SpeedReport.Read(folder["bench.json"]).ToJson());
    }

    [Theory]
    [InlineData("\"model\": 1", "\"model\": 7")]
    [InlineData("\"batch\"", "\"bunch\"")]
    [InlineData("\"threads\": 2", "\"threads\": \"two\"")]
    public void Read_BrokenReport_Throws(string from, string to)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["bench.json"], Speeds.Report((3, 1), (2, 1)).ToJson().Replace(from, to, StringComparison.Ordinal));

        Assert.Throws<ModelFormatException>(() => SpeedReport.Read(folder["bench.json"]));
    }

    // Of an even number of values the mean of the two in the middle.
    [Fact]
    public void Spread_Median()
    {
        Assert.Equal(new Spread(2, 1, 9), Niwaki.Evaluation.Speed.Spread.Of([9, 1, 2]));
        Assert.Equal(new Spread(3, 1, 9), Niwaki.Evaluation.Speed.Spread.Of([9, 1, 2, 4]));
    }

    private sealed class Progress(List<SpeedProgress> seen) : IProgress<SpeedProgress>
    {
        public void Report(SpeedProgress value) => seen.Add(value);
    }
}
