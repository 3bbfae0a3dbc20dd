using System.Text.RegularExpressions;
using Niwaki.Cli;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli;

public partial class NiwakiCommandLineTests
{
    [Theory]
    [InlineData("inspect")]
    [InlineData("prune")]
    [InlineData("resume")]
    [InlineData("refit")]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("tokenize")]
    [InlineData("generate")]
    [InlineData("train")]
    [InlineData("heal")]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("compare")]
    [InlineData("report")]
    [InlineData("bench")]
    public void Help_EveryVerb_ShowsExample(string verb)
    {
        CommandResult result = CommandRunner.Run(verb, "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("Example:", result.Output, StringComparison.Ordinal);
        Assert.Equal(verb, ExampleOf(result.Output)[0]);
    }

    // Examples run from the root of a checkout. That of prune takes minutes and makes the run that the one of resume continues: both elsewhere.
    [Theory]
    [InlineData("inspect")]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("tokenize")]
    [InlineData("generate")]
    [InlineData("verify")]
    [InlineData("compare")]
    public void Help_Example_Runs(string verb)
    {
        string[] example = ExampleOf(CommandRunner.Run(verb, "--help").Output);

        CommandResult result = CommandRunner.Run([.. example.Select(FromRoot)]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.NotEqual("", result.Output);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("heal")]
    [InlineData("export")]
    public void Help_ExampleThatWrites_Runs(string verb)
    {
        using var folder = new TemporaryFolder();
        string[] example = [.. ExampleOf(CommandRunner.Run(verb, "--help").Output).Select(FromRoot)];
        example[^1] = folder[Path.GetFileName(example[^1])];

        CommandResult result = CommandRunner.Run(example);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.True(Path.Exists(example[^1]));
    }

    [Fact]
    public void Help_ExampleOfBench_Runs()
    {
        CommandResult result = CommandRunner.Run([.. ExampleOf(CommandRunner.Run("bench", "--help").Output).Select(FromRoot)]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("prefill", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_ExampleOfPrune_Runs()
    {
        using var folder = new TemporaryFolder();
        string[] example = [.. ExampleOf(CommandRunner.Run("prune", "--help").Output).Select(FromRoot)];
        example[^1] = folder["run"];

        CommandResult result = CommandRunner.Run([.. example, .. CommandRunner.Quick]);

        Assert.True(result.ExitCode == 0, result.Error);
    }

    [Theory]
    [InlineData("--frobnicate", "inspect", "MODEL", "--frobnicate")]
    [InlineData("Required argument", "inspect")]
    [InlineData("--out", "prune", "MODEL")]
    [InlineData("frobnicate", "frobnicate", "MODEL")]
    [InlineData("Required command", "--json")]
    [InlineData("Required command")]
    [InlineData("Threads are 0", "inspect", "MODEL", "--threads", "0")]
    [InlineData("Memory is 'much'", "inspect", "MODEL", "--memory", "much")]
    [InlineData("Did you mean 0.5", "prune", "MODEL", "--out", "OUT", "--sparsity", "50")]
    [InlineData("Sparsity is -0.1", "prune", "MODEL", "--out", "OUT", "--sparsity", "-0.1")]
    [InlineData("Sparsity is NaN", "prune", "MODEL", "--out", "OUT", "--sparsity", "NaN")]
    [InlineData("half", "prune", "MODEL", "--out", "OUT", "--sparsity", "half")]
    [InlineData("round_to", "prune", "MODEL", "--out", "OUT", "--round-to", "7")]
    [InlineData("even number", "prune", "MODEL", "--out", "OUT", "--masks", "3")]
    [InlineData("guess", "prune", "MODEL", "--out", "OUT", "--method", "guess")]
    [InlineData("named twice", "prune", "MODEL", "--model", "MODEL", "--out", "OUT")]
    [InlineData("is '1;2', expected up to 16", "prune", "MODEL", "--out", "OUT", "--sm_bsz", "1;2")]
    [InlineData("model is ''", "inspect", "")]
    [InlineData("--out is ''", "prune", "MODEL", "--out", "")]
    [InlineData("--calibration is ''", "prune", "MODEL", "--out", "OUT", "--calibration", "")]
    [InlineData("--file is ''", "eval", "MODEL", "--file", "")]
    [InlineData("Neither --file nor --tasks", "eval", "MODEL")]
    [InlineData("at least 2 tokens", "eval", "MODEL", "--file", "TEXT", "--window", "1")]
    [InlineData("expected 'segments'", "eval", "MODEL", "--file", "TEXT", "--bos-every-window")]
    [InlineData("Both --against and --dry-run", "eval", "MODEL", "--file", "TEXT", "--against", "MODEL", "--dry-run")]
    [InlineData("Neither --text nor --file", "score", "MODEL")]
    [InlineData("Both --text and --file", "score", "MODEL", "--text", "a", "--file", "TEXT")]
    [InlineData("Neither --text and --jsonl", "tokenize", "MODEL")]
    [InlineData("Both --text and --jsonl", "tokenize", "MODEL", "--text", "a", "--jsonl", "TEXT")]
    [InlineData("Tokens to write are 0", "generate", "MODEL", "--max-tokens", "0")]
    [InlineData("emperature", "generate", "MODEL", "--temperature", "-1")]
    [InlineData("--seed is given", "resume", "OUT", "--seed", "1")]
    public void Run_ArgumentsThatMakeNoSense_ReturnsUsage(string message, params string[] args)
    {
        using var folder = new TemporaryFolder();

        CommandResult result = CommandRunner.Run([.. args.Select(arg => arg switch
        {
            "MODEL" => CommandRunner.Sample,
            "TEXT" => CommandRunner.Text,
            "OUT" => folder["run"],
            _ => arg,
        })]);

        result.AssertFails(2, message);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Run_MemoryRunsOut_SaysHowToTakeLess()
    {
        using var output = new MemoryRefused();
        using var error = new StringWriter();

        int code = NiwakiCommandLine.Run(["tokenize", CommandRunner.Sample, "--text", "Rain"], output, error, TestContext.Current.CancellationToken);

        new CommandResult(code, "", error.ToString()).AssertFails(1, "Memory ran out", "--memory SIZE");
    }

    [Fact]
    public void Help_Seed_NamesTheDefaultsOfTheDocument()
    {
        string row = File.ReadLines(RepositoryFiles.Get("docs", "cli.md")).Single(line => line.StartsWith("| `--seed <seed>` |", StringComparison.Ordinal));
        string description = row.Split('|')[2].Trim();

        Assert.EndsWith("Default: 0; with eval --tasks 1234", description, StringComparison.Ordinal);
        string help = string.Join(' ', CommandRunner.Run("eval", "--help").Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)); // however it was wrapped
        Assert.Contains(description, help, StringComparison.Ordinal);
    }

    private static string[] ExampleOf(string help)
    {
        string line = help.Split('\n').Select(text => text.Trim()).First(text => text.StartsWith("niwaki ", StringComparison.Ordinal) && !text.Contains('<', StringComparison.Ordinal));
        return [.. Words().Matches(line).Skip(1).Select(match => match.Value.Trim('"'))];
    }

    private static string FromRoot(string word) => word.StartsWith("samples/", StringComparison.Ordinal) ? RepositoryFiles.Get(word) : word;

    [GeneratedRegex("\"[^\"]*\"|[^\" ]+")]
    private static partial Regex Words();

    /// <summary>A stream for results; writing a line asks for 2^62 bytes, which no system has.</summary>
    private sealed class MemoryRefused : StringWriter
    {
        public override void WriteLine(string? value) => new NativeBuffer<byte>(1L << 62).Dispose();
    }
}
