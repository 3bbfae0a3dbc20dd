using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;
using Niwaki.Training;

namespace Niwaki.Tests.Cli.Commands;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public TrainCommandTests()
    {
        _config = _folder["config.json"];
        RandomCheckpoint.Document(SmallModel.Spec with { Blocks = [new BlockShape(2, 1, 16)] }).WriteTo(_config);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Train_SmallModel_MakesAFolderThatTheOtherVerbsTake()
    {
        JsonElement json = Train("first", "--json").Json;

        Assert.Equal((4, 4 * 3 * 32), (json.GetProperty("steps").GetInt32(), json.GetProperty("tokens").GetInt32()));
        Assert.InRange(json.GetProperty("heldOutLoss").GetDouble(), 1, 9); // log 4096 = 8.3 at the beginning
        Assert.Equal(
            json.GetProperty("parameters").GetInt64(), CommandRunner.Run("inspect", _folder["first"], "--json").Json.GetProperty("parameters").GetInt64());
        Assert.Equal(0, CommandRunner.Run("generate", _folder["first"], "--prompt", "The", "--max-tokens", "3").ExitCode);
        string[] log = File.ReadAllLines(Path.Combine(_folder["first"], "training.jsonl"));
        Assert.Equal([2, 4], log.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
        Assert.All(log, line => Assert.True(JsonDocument.Parse(line).RootElement.TryGetProperty("heldOutLoss", out _)));
    }

    [Fact]
    public void Train_Table_LogsLossRateAndRemainingTime()
    {
        CommandResult result = Train("first", "--log-every", "1");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("held-out loss", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"step 3 of 4, loss \d\.\d{4}, rate 0\.\d+, [\d,]+ tokens/s, [\d.]+ s left", result.Error);
    }

    [Fact]
    public void Train_StoppedAndResumed_SameModelAsInOneGo()
    {
        Assert.Equal(0, Train("straight").ExitCode);
        CommandResult stopped = CommandRunner.RunUntil("step 2 of", [.. Arguments("parts"), "--log-every", "1", "--threads", "2"]);
        stopped.AssertFails(130, "Stopped behind step 2", "--resume");
        Train("parts").AssertFails(2, "Give --resume");
        CommandResult resumed = Train("parts", "--resume");
        Assert.True(resumed.ExitCode == 0, resumed.Error);

        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["straight"], "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["parts"], "model.safetensors")));
        Train("parts", "--resume", "--seed", "5").AssertFails(3, "options of the training are seed 0, expected seed 5");
        ConfigDocument.Read(_config).With(new Dictionary<string, JsonNode?>(StringComparer.Ordinal) { ["rms_norm_eps"] = 1e-3 }).WriteTo(_config);
        Train("parts", "--resume").AssertFails(3, "model of the training has the hash");
        Train("nowhere", "--resume").AssertFails(2, "does not exist");
    }

    [Fact]
    public void Train_RateThatExplodes_NamesTheStepAndKeepsTheState()
    {
        // The rate falls from so much in the third step that its weights overflow; those behind the second are the last good ones.
        Assert.Equal(130, CommandRunner.RunUntil("step 2 of", [.. Arguments("first"), "--log-every", "1", "--threads", "1"]).ExitCode);
        CommandResult exploded = Train("first", "--learning-rate", "1e30", "--warm-up", "0", "--clip", "1e30", "--save-every", "1", "--resume");
        exploded.AssertFails(1, "Step 4: loss is", "behind step 2 is kept", "so far they were rate 0.001, warm-up 2, clip 1", "Give the same command with --resume, and another rate");
        Assert.False(File.Exists(Path.Combine(_folder["first"], "model.safetensors")));
        CommandResult resumed = Train("first", "--learning-rate", "1e-4", "--resume");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
    }

    [Fact]
    public void Train_RateThatExplodesAtOnce_SavesNoBrokenState()
    {
        Train("first", "--learning-rate", "1e30", "--warm-up", "0", "--clip", "1e30", "--save-every", "1").AssertFails(1, "Step 2: loss is", "No state was saved before");
        Assert.False(File.Exists(Path.Combine(_folder["first"], TrainingState.FileName)));
    }

    [Fact]
    public void Train_FolderWithAModel_IsRefusedAndLeft()
    {
        string model = SmallModel.Write(_folder["first"]);
        byte[] before = File.ReadAllBytes(Path.Combine(model, "model.safetensors"));
        Train("first").AssertFails(2, "config.json' exists, expected a folder without a model");
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(model, "model.safetensors")));
    }

    [Fact]
    public void Train_KilledBehindASavedState_LogsEveryStepOnce()
    {
        string log = Path.Combine(_folder["first"], "training.jsonl");
        Assert.Equal(130, CommandRunner.RunUntil("step 2 of", [.. Arguments("first"), "--log-every", "1", "--threads", "1"]).ExitCode);

        // What a process logs behind its last state before it is killed, the last line half written.
        string[] lines = File.ReadAllLines(log);
        File.AppendAllText(log, lines[^1].Replace("\"step\":2", "\"step\":3", StringComparison.Ordinal) + "\n{\"step\":4,\"tok");
        CommandResult resumed = Train("first", "--resume", "--log-every", "1");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal([1, 2, 3, 4], File.ReadAllLines(log).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
    }

    [Fact]
    public void Train_WhileAnotherProcessTrainsThere_IsRefused()
    {
        Directory.CreateDirectory(_folder["first"]);
        using (FolderLock.TryTake(_folder["first"]))
        {
            Train("first").AssertFails(2, "training is in use by another process");
        }

        Assert.Equal(0, Train("first").ExitCode);
    }

    [Fact]
    public void Train_StateThatCannotBeWritten_SaysSo()
    {
        Directory.CreateDirectory(Path.Combine(_folder["first"], TrainingState.FileName, "in the way"));
        Train("first").AssertFails(1, "cannot be written", "No state was saved before");
    }

    [Fact]
    public void Train_LogThatCannotBeWritten_SaysWhatIsKept()
    {
        Directory.CreateDirectory(Path.Combine(_folder["first"], "training.jsonl", "in the way"));
        Train("first").AssertFails(1, "The line of step", "training.jsonl", "No state was saved before");
    }

    [Fact]
    public void Train_TextShorterThanAStep_SaysHowManyTokens()
    {
        string text = _folder.Write("short.txt", "Only a few words.");
        Train("first", "--text", text, "--held-out", CommandRunner.Text).AssertFails(1, "expected at least 96");
        Assert.False(Directory.Exists(_folder["first"]));
    }

    [Fact]
    public void Train_HeldOutTextThatIsTrainedOn_IsRefused()
    {
        string same = Path.GetRelativePath(Directory.GetCurrentDirectory(), CommandRunner.Text);
        Train("first", "--held-out", same).AssertFails(1, "harbour-clock.txt: is trained on too, expected another text to measure on");
        Assert.False(Directory.Exists(_folder["first"]));
    }

    [Theory]
    [InlineData("Number of steps is 0", "--steps", "0")]
    [InlineData("Window is 512, expected at most 256", "--window", "512")]
    [InlineData("Batch is 0", "--batch", "0")]
    [InlineData("Learning rate is -1", "--learning-rate", "-1")]
    [InlineData("--save-every is 0", "--save-every", "0")]
    [InlineData("--held-out-windows is 0", "--held-out-windows", "0")]
    [InlineData("F64", "--precision", "F64")]
    [InlineData("staircase", "--schedule", "staircase")]
    public void Train_OptionOutOfRange_ReturnsUsage(string message, params string[] options) => Train("first", options).AssertFails(2, message);

    private CommandResult Train(string name, params ReadOnlySpan<string> more)
    {
        // An option given twice is an error: what a test gives replaces the usual one.
        var arguments = Arguments(name).ToList();
        for (int i = 0; i + 1 < more.Length; i++)
        {
            int usual = arguments.IndexOf(more[i]);
            if (usual > 0)
            {
                arguments.RemoveRange(usual, 2);
            }
        }

        return CommandRunner.Run([.. arguments, .. more]);
    }

    private string[] Arguments(string name) =>
    [
        "train", _config, "--tokenizer", CommandRunner.Sample, "--text", CommandRunner.Text, "--out", _folder[name],
        "--steps", "4", "--window", "32", "--batch", "3", "--warm-up", "2", "--evaluate-every", "2", "--held-out-windows", "3",
    ];
}
