using System.IO.Compression;
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
    public void Eval_EitherSample_IsTrainedAlike()
    {
        double Loss(string model) => CommandRunner.Run(["eval", model, "--file", CommandRunner.Text, "--window", "256", "--limit", "4", "--json"]).Json.GetProperty("nll").GetDouble();

        Assert.Equal(Loss(CommandRunner.Sample), Loss(RepositoryFiles.Get("samples", "novels-16m")), 0.1);
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

    /// <summary>Loss and tokens of an independent float32 forward pass, models/expected.json of the shared data.</summary>
    [Theory]
    [InlineData("stories260K")]
    [InlineData("tiny1m")]
    public void Eval_Documents_AsExpected(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.SharedOrSkip("models", "expected.json")));
        JsonElement expected = document.RootElement.GetProperty("models").GetProperty(name);

        JsonElement json = CommandRunner.Run(
            "eval", RepositoryFiles.SharedOrSkip("models", name), "--file", RepositoryFiles.SharedOrSkip("text", "tinystories_sample_cs336.txt"), "--protocol", "documents", "--json").Json;

        Assert.Equal(expected.GetProperty("cs336_tokens").GetInt32(), json.GetProperty("tokens").GetInt32());
        Assert.InRange(json.GetProperty("nll").GetDouble() / expected.GetProperty("cs336_loss").GetDouble(), 1 - 1e-4, 1 + 1e-4);
        Assert.Equal(("documents", 5), (json.GetProperty("errorUnit").GetString(), json.GetProperty("documents").GetInt32()));
    }

    [Theory]
    [InlineData("gptq", "windows")]
    [InlineData("llamacpp", "tokens")]
    [InlineData("lm-eval", "windows")] // a text without titles is one document
    [InlineData("segments", "windows")]
    public void Eval_EveryProtocol_NamesItselfAndItsError(string protocol, string unit)
    {
        CommandResult table = Eval("--protocol", protocol, "--window", "32", "--limit", "3");
        JsonElement json = Eval("--protocol", protocol, "--window", "32", "--limit", "3", "--json").Json;

        Assert.Contains($"{protocol}-32", table.Output, StringComparison.Ordinal);
        Assert.Equal(($"{protocol}-32", unit), (json.GetProperty("name").GetString(), json.GetProperty("errorUnit").GetString()));
        double perplexity = json.GetProperty("perplexity").GetDouble();
        Assert.Equal(perplexity * json.GetProperty("standardError").GetDouble(), json.GetProperty("perplexityError").GetDouble(), 9);
    }

    /// <summary>By word and by byte: the same sum of losses, divided by what the text holds.</summary>
    [Fact]
    public void Eval_LmEval_CountsWordsAndBytesOfTheFile()
    {
        JsonElement json = Eval("--protocol", "lm-eval", "--json").Json;

        string text = File.ReadAllText(CommandRunner.Text);
        double sum = json.GetProperty("nll").GetDouble() * json.GetProperty("tokens").GetInt32();
        Assert.Equal(text.Length, json.GetProperty("bytes").GetInt32()); // ASCII
        Assert.Equal(Math.Exp(sum / text.Length), json.GetProperty("bytePerplexity").GetDouble(), 9);
        Assert.Equal(1, Math.Exp(sum / json.GetProperty("words").GetInt32()) / json.GetProperty("wordPerplexity").GetDouble(), 9);
        Assert.Equal(sum / Math.Log(2) / text.Length, json.GetProperty("bitsPerByte").GetDouble(), 9);
    }

    /// <summary>Documents with an empty line in between are the same text, however they come.</summary>
    [Theory]
    [InlineData("gptq")]
    [InlineData("llamacpp")]
    [InlineData("segments")]
    public void Eval_DocumentsUnderAProtocolOfOneText_AreJoined(string protocol)
    {
        using var folder = new TemporaryFolder();
        string text = File.ReadAllText(CommandRunner.Text);
        string[] documents = [text[..400], text[400..800]];
        using (ZipArchive archive = ZipFile.Open(folder["a.zip"], ZipArchiveMode.Create))
        {
            foreach ((int i, string document) in documents.Index())
            {
                using var writer = new StreamWriter(archive.CreateEntry($"{i}.txt").Open());
                writer.Write(document);
            }
        }

        string lines = folder.Write("a.jsonl", string.Join('\n', documents.Select(document => JsonSerializer.Serialize(document))));
        string joined = folder.Write("a.txt", string.Join("\n\n", documents));
        string[] results = [.. ((string[])[joined, lines, folder["a.zip"]]).Select(path =>
            CommandRunner.Run("eval", CommandRunner.Sample, "--file", path, "--protocol", protocol, "--window", "32", "--json").Json.GetRawText())];

        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Eval_LmEvalOfJsonLines_ALineIsADocument()
    {
        using var folder = new TemporaryFolder();
        string lines = folder.Write("a.jsonl", "\" = One = \\nIt rained.\\n = Two = \\nIt snowed.\"\n\"It hailed.\"\n");

        Assert.Equal(2, CommandRunner.Run("eval", CommandRunner.Sample, "--file", lines, "--protocol", "lm-eval", "--json").Json.GetProperty("documents").GetInt32());
    }

    [Fact]
    public void Eval_WindowBeyondAllBounds_ReturnsUsage() => Eval("--protocol", "lm-eval", "--window", "2147483647", "--json").AssertFails(2, "expected at most 1,048,576 tokens");

    [Fact]
    public void Eval_Against_ShowsTheTable()
    {
        JsonElement json = Eval("--window", "64", "--limit", "2", "--against", CommandRunner.Sample, "--json").Json.GetProperty("against");
        CommandResult table = Eval("--window", "64", "--limit", "2", "--against", CommandRunner.Sample);

        Assert.Equal(126, json.GetProperty("tokens").GetInt32());
        Assert.Equal(1, json.GetProperty("sameTop").GetProperty("value").GetDouble());
        Assert.Equal(13, json.GetProperty("divergence").GetProperty("percentiles").EnumerateObject().Count());
        Assert.Contains("same top token", table.Output, StringComparison.Ordinal);
        Assert.Contains("99.9 % lie below", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_AgainstAnotherTokenizer_Fails() =>
        Eval("--window", "64", "--against", RepositoryFiles.SharedOrSkip("models", "stories260K"), "--json").AssertFails(1, "different tokenizers");

    private static CommandResult Eval(params ReadOnlySpan<string> more) =>
        CommandRunner.Run(["eval", CommandRunner.Sample, "--file", CommandRunner.Text, .. more]);
}
