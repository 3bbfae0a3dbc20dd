using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public class EvalCommandTests
{
    [Fact]
    public void Eval_Json_HoldsMeasures()
    {
        JsonElement json = Eval("--window", "64", "--limit", "2", "--json").Json;

        double nll = json.GetProperty("nll").GetDouble();
        Assert.Equal("gptq", json.GetProperty("protocol").GetString());
        Assert.Equal(64, json.GetProperty("window").GetInt32());

        // The first token of each of the two windows is given, not predicted.
        Assert.Equal(2 * 63, json.GetProperty("tokens").GetInt32());
        Assert.Equal(Math.Exp(nll), json.GetProperty("perplexity").GetDouble(), 9);

        // A model that was trained on such text stays well below the ln 4096 = 8.3 nats of chance.
        Assert.InRange(nll, 2, 6);
        Assert.InRange(json.GetProperty("bitsPerByte").GetDouble(), 0.5, 4);
    }

    [Fact]
    public void Eval_Table_ShowsProtocol()
    {
        CommandResult result = Eval("--window", "64", "--limit", "2");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("gptq, window 64", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_ThreadsAndMemory_ChangeNoBit() =>
        Assert.Equal(
            Eval("--window", "64", "--limit", "3", "--json", "--threads", "1").Output,
            Eval("--window", "64", "--limit", "3", "--json", "--threads", "2", "--memory", "6MiB").Output);

    [Fact]
    public void Eval_WindowBeyondContext_SaysSo()
    {
        CommandResult result = Eval("--window", "300", "--limit", "1", "--json");

        Assert.Equal(300, result.Json.GetProperty("window").GetInt32());
        Assert.Contains("context of 256", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_DryRun_TellsTimeAndMemory()
    {
        JsonElement json = Eval("--window", "64", "--limit", "2", "--dry-run", "--json").Json;

        double rate = json.GetProperty("tokensPerSecond").GetDouble();
        Assert.True(rate > 0);
        Assert.Equal(2 * 64, json.GetProperty("forwardTokens").GetInt64());
        Assert.Equal(2 * 64 / rate, json.GetProperty("seconds").GetDouble(), 9);

        // The sample's 4,033,728 BF16 weights, embedding left in the file: 8 blocks and the output head.
        Assert.InRange(json.GetProperty("memoryBytes").GetInt64(), 7_000_000, 40_000_000);
        Assert.False(json.TryGetProperty("perplexity", out _));
    }

    // exp(x) leaves float64 at x = 709.8; a last norm of a million makes a model so sure of nonsense.
    [Fact]
    public void Eval_PerplexityBeyondNumbers_IsStillJson()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        SmallModel.Fill(model, TensorNames.FinalNorm, 1e6f);

        JsonElement json = CommandRunner.Run("eval", model, "--file", CommandRunner.Text, "--window", "32", "--limit", "1", "--json").Json;

        Assert.True(json.GetProperty("nll").GetDouble() > 710);
        Assert.Equal("Infinity", json.GetProperty("perplexity").GetString());
        Assert.Equal(0, CommandRunner.Run("eval", model, "--file", CommandRunner.Text, "--window", "32", "--limit", "1").ExitCode);
    }

    // NaN in the weights is no loss at all.
    [Fact]
    public void Eval_LossNotANumber_Fails()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        SmallModel.Fill(model, TensorNames.FinalNorm, float.NaN);

        CommandRunner.Run("eval", model, "--file", CommandRunner.Text, "--window", "32", "--json").AssertFails(1, "NaN");
        CommandRunner.Run("score", model, "--text", "It rained.", "--json").AssertFails(1, "NaN");
        CommandRunner.Prune(model, folder["run"], "--calibration", CommandRunner.Text, "--json").AssertFails(1);
        CommandRunner.Run("generate", model, "--prompt", "It rained.", "--json").AssertFails(1);
    }

    [Fact]
    public void Eval_TextShorterThanWindow_Fails()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("short.txt", "It rained.");

        CommandRunner.Run("eval", CommandRunner.Sample, "--file", text, "--json").AssertFails(1, "short.txt", "tokens", "256");
    }

    [Theory]
    [InlineData("nowhere.txt")]
    [InlineData("")]
    public void Eval_NoSuchFileOrAFolder_Fails(string name)
    {
        using var folder = new TemporaryFolder();

        CommandRunner.Run("eval", CommandRunner.Sample, "--file", folder[name]).AssertFails(1, folder[name]);
    }

    private static CommandResult Eval(params ReadOnlySpan<string> more) =>
        CommandRunner.Run(["eval", CommandRunner.Sample, "--file", CommandRunner.Text, .. more]);
}
