using System.Globalization;
using System.Text.Json;
using Niwaki.Cli;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Kernels;

namespace Niwaki.Tests.Cli.Commands;

public sealed class HealCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Heal_RunWithDivergence_WritesAModelBesideTheOneThatWasGiven()
    {
        string run = Run();
        byte[] before = File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors"));
        JsonElement json = Heal(run, "--kl", "1", "--hidden", "0.1", "--json").Json;

        Assert.Equal(4 * 3 * 32, json.GetProperty("tokens").GetInt32());
        Assert.Equal(json.GetProperty("madeWorse").GetBoolean(), json.GetProperty("heldOutLossAfter").GetDouble() > json.GetProperty("heldOutLossBefore").GetDouble());
        string healed = Path.Combine(run, "healed");
        Assert.Equal(["healing.jsonl", "healing.yaml", "model", "report.json", "run.lock"], Directory.GetFileSystemEntries(healed).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors")));
        using var checkpoint = Checkpoint.Open(healed); // the folder stands for its model
        using var source = Checkpoint.Open(run);
        Assert.Equal(source.StructureHash, checkpoint.StructureHash);
        Assert.NotEqual(source.ContentHash(TestContext.Current.CancellationToken), checkpoint.ContentHash(TestContext.Current.CancellationToken));

        // What eval measures on the held-out windows is what the report says.
        double loss = CommandRunner.Run("eval", healed, "--file", CommandRunner.OtherText, "--window", "32", "--limit", "3", "--json").Json.GetProperty("nll").GetDouble();
        Assert.Equal(json.GetProperty("heldOutLossAfter").GetDouble(), loss, 1e-6);
        string[] log = File.ReadAllLines(Path.Combine(healed, "healing.jsonl"));
        Assert.Contains("divergence", log[0], StringComparison.Ordinal);
        Assert.Contains("hiddenDifference", log[0], StringComparison.Ordinal);
        Heal(run).AssertFails(1, "exists and is not empty");
    }

    [Fact]
    public void Heal_WhileAnotherProcessHealsThere_IsRefused()
    {
        string run = Run(), healed = Path.Combine(run, "healed");
        Directory.CreateDirectory(healed);
        using (FolderLock.TryTake(healed))
        {
            Heal(run).AssertFails(1, "healing is in use by another process");
        }

        Assert.Equal(0, Heal(run).ExitCode);
    }

    [Fact]
    public void Heal_StoppedBeforeItBegan_DoesNotSpeakOfResume()
    {
        string[] arguments = [.. Arguments(Run()), "--threads", "1"];
        using StringWriter output = new(), error = new();

        int code = NiwakiCommandLine.Run(arguments, output, error, new CancellationToken(canceled: true));

        new CommandResult(code, output.ToString(), error.ToString()).AssertFails(130, "Stopped.");
        Assert.DoesNotContain("--resume", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full+lora", "lora, step 2 of")]
    [InlineData("full", "full, step 2 of")]
    [InlineData("reconstruction", "block 1 of 2, MLP")]
    [InlineData("reconstruction+full", "full, step 1 of")]
    public void Heal_StoppedAndResumed_SameModelAsInOneGo(string method, string until)
    {
        string run = Run();
        Assert.Equal(0, Heal(run, "--method", method, "--out", _folder["straight"]).ExitCode);
        string[] arguments = [.. Arguments(run), "--method", method, "--out", _folder["parts"], "--log-every", "1", "--threads", "1"];
        CommandRunner.RunUntil(until, arguments).AssertFails(130, "--resume");
        Assert.False(Directory.Exists(Path.Combine(_folder["parts"], "model")));
        CommandResult resumed = CommandRunner.Run([.. arguments, "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);

        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder["straight"], "model", "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["parts"], "model", "model.safetensors")));
        CommandRunner.Run([.. arguments, "--resume"]).AssertFails(1, "has ended");
        CommandRunner.Run([.. Arguments(run), "--method", method, "--out", _folder["parts"], "--seed", "4", "--resume"]).AssertFails(1, "is another recipe (seed: 0)", "(seed: 4)");

        // Every step is in the log once.
        string log = Path.Combine(_folder["parts"], "healing.jsonl");
        (string?, int)[] steps = !File.Exists(log) ? [] : [.. File.ReadAllLines(log).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (line.GetProperty("stage").GetString(), line.GetProperty("step").GetInt32()))];
        Assert.Equal(steps.Distinct(), steps);
    }

    [Fact]
    public void Heal_Adapter_IsThatOfPeftAndMergesToTheSameModel()
    {
        string run = Run();
        Assert.Equal(0, Heal(run, "--targets", "q_proj,down_proj", "--rank", "3", "--alpha", "6", "--out", _folder["merged"]).ExitCode);
        JsonElement json = Heal(run, "--targets", "q_proj,down_proj", "--rank", "3", "--alpha", "6", "--out", _folder["apart"], "--adapter", "--json").Json;
        string adapter = Path.Combine(_folder["apart"], "adapter");
        Assert.Equal(adapter, json.GetProperty("adapter").GetString());
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Path.Combine(adapter, "adapter_config.json"))).RootElement;
        Assert.Equal(("LORA", 3, 6), (config.GetProperty("peft_type").GetString(), config.GetProperty("r").GetInt32(), config.GetProperty("lora_alpha").GetInt32()));
        Assert.Equal(["q_proj", "down_proj"], config.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));

        using var merged = Checkpoint.Open(_folder["merged"]);
        using var source = Checkpoint.Open(run);
        using var file = SafetensorsFile.Open(Path.Combine(adapter, "adapter_model.safetensors"));
        Assert.Equal(8, file.Entries.Count); // two blocks, two matrices, A and B
        foreach (SafetensorsEntry tensor in source.Tensors)
        {
            string prefix = "base_model.model." + tensor.Name[..^".weight".Length];
            if (file.Find(prefix + ".lora_A.weight") is not { } down)
            {
                using MemoryStream expected = new(), found = new();
                source.CopyTensor(tensor.Name, expected, TestContext.Current.CancellationToken);
                merged.CopyTensor(tensor.Name, found, TestContext.Current.CancellationToken);
                Assert.Equal(expected.ToArray(), found.ToArray());
                continue;
            }

            (int rows, int columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
            float[][] a = Rows(file.Matrix(down.Name, 3, columns)), b = Rows(file.Matrix(prefix + ".lora_B.weight", rows, 3));
            float[][] before = Rows(source.Matrix(tensor.Name, rows, columns)), after = Rows(merged.Matrix(tensor.Name, rows, columns));
            Assert.Contains(b, row => row.Any(value => value != 0));
            for (int row = 0; row < rows; row++)
            {
                float[] sum = [.. Enumerable.Range(0, columns).Select(column => before[row][column] + (2 * ((b[row][0] * a[0][column]) + (b[row][1] * a[1][column]) + (b[row][2] * a[2][column]))))];
                Close.Assert(sum, after[row], 1e-6, 1e-5);
            }
        }

        Heal(run, "--adapter", "--head", "--out", _folder["tied"]).AssertFails(1, "tied to the embedding");
        Heal(run, "--adapter", "--method", "full", "--out", _folder["full"]).AssertFails(1, "expected lora alone");
    }

    [Fact]
    public void Heal_AdapterWithAHeadOfItsOwn_SavesTheHeadThatMergingWrites()
    {
        string dense = SmallModel.Write(_folder["dense"], SmallModel.Spec with { TiedEmbeddings = false });
        Assert.Equal(0, Heal(dense, "--head", "--out", _folder["merged"]).ExitCode);
        CommandResult result = Heal(dense, "--adapter", "--head", "--out", _folder["apart"]);
        Assert.True(result.ExitCode == 0, result.Error);

        string adapter = Path.Combine(_folder["apart"], "adapter");
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Path.Combine(adapter, "adapter_config.json"))).RootElement;
        Assert.Equal(["lm_head"], config.GetProperty("modules_to_save").EnumerateArray().Select(name => name.GetString()));
        using var source = Checkpoint.Open(dense);
        using var merged = Checkpoint.Open(_folder["merged"]);
        using var file = SafetensorsFile.Open(Path.Combine(adapter, "adapter_model.safetensors"));
        Assert.Equal((2 * 7 * 2) + 1, file.Entries.Count); // two blocks of seven matrices, A and B, and the head
        float[][] head = Rows(file.Matrix("base_model.model.lm_head.weight", 4096, 16));
        Assert.Equal(Rows(merged.Matrix("lm_head.weight", 4096, 16)), head);
        Assert.NotEqual(Rows(source.Matrix("lm_head.weight", 4096, 16)), head);
    }

    [Fact]
    public void Heal_Reconstruction_LowersTheErrorOfEverySubLayer()
    {
        CommandResult result = Heal(Run(), "--method", "reconstruction", "--epochs", "20");
        Assert.True(result.ExitCode == 0, result.Error);
        System.Text.RegularExpressions.MatchCollection errors = System.Text.RegularExpressions.Regex.Matches(result.Error, @"error (\d\.\d+) of what is missing before, (\d\.\d+) after");
        Assert.Equal(4, errors.Count);
        Assert.All(errors, error => Assert.True(string.CompareOrdinal(error.Groups[2].Value, error.Groups[1].Value) < 0, error.Value));
    }

    [Fact]
    public void Heal_RateThatHarms_SaysSoAndKeepsBoth()
    {
        // A model that has learned something, and steps that undo it.
        CommandResult result = Heal(
            CommandRunner.Sample, "--method", "full", "--learning-rate", "0.05", "--warm-up", "0", "--batch", "1", "--steps", "2", "--out", _folder["healed"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("Healing made the model worse. Both are kept", result.Output, StringComparison.Ordinal);
        double[] losses = [.. System.Text.RegularExpressions.Regex.Matches(result.Output, @"held-out loss (?:before|after)\W+(\d+\.\d+) nats per token")
            .Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.True(losses is [double before, double after] && before < after, result.Output);
        Assert.True(File.Exists(Path.Combine(_folder["healed"], "model", "model.safetensors")));
    }

    [Fact]
    public void Heal_RateThatExplodes_NamesTheStepAndSavesNoBrokenState()
    {
        string run = Run();
        Heal(run, "--method", "full", "--learning-rate", "1e30", "--warm-up", "0", "--save-every", "1").AssertFails(1, "Step 2: loss is", "No state was saved before");
        Heal(run, "--method", "reconstruction", "--learning-rate", "1e30", "--out", _folder["sub-layers"]).AssertFails(1, "Block 0, attention: Step 2: mean squared error is", "are kept in");
        Assert.False(File.Exists(Path.Combine(run, "healed", "state-full.safetensors")));
        Assert.False(Directory.Exists(Path.Combine(run, "healed", "model")));
    }

    [Fact]
    public void Heal_ModelWithBrokenWeights_IsRefused()
    {
        string run = Run();
        SmallModel.Fill(Path.Combine(run, "model"), "model.norm.weight", float.NaN);
        Heal(run, "--method", "full").AssertFails(1, "held-out loss is NaN");
    }

    /// <summary>Outputs can be compared where nobody knows which blocks are left; streams cannot.</summary>
    [Fact]
    public void Heal_BlocksOfUnknownOrigin_DivergenceAlone()
    {
        string dense = SmallModel.Write(_folder["dense"]);
        string pruned = SmallModel.Write(_folder["pruned"], SmallModel.Spec with { Blocks = [SmallModel.Spec.Blocks[1]] });
        CommandResult result = Heal(pruned, "--kl", "1", "--teacher", dense, "--out", _folder["a"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Heal(pruned, "--hidden", "1", "--teacher", dense, "--out", _folder["b"]).AssertFails(1, "Give the run folder, which holds the plan");
        Heal(pruned, "--method", "reconstruction", "--teacher", dense, "--out", _folder["b"]).AssertFails(1, "Give the run folder, which holds the plan");
    }

    [Fact]
    public void Heal_StateThatCannotBeWritten_SaysSoAndKeepsTheModel()
    {
        string run = Run();
        string[] arguments = [.. Arguments(run), "--method", "full", "--log-every", "1", "--threads", "1"];
        CommandRunner.RunUntil("step 2 of", arguments).AssertFails(130, "--resume");
        string state = Path.Combine(run, "healed", "state-full.safetensors");
        File.Delete(state);
        Directory.CreateDirectory(Path.Combine(state, "in the way"));
        CommandRunner.Run([.. arguments, "--resume"]).AssertFails(1, "cannot be written", "No state was saved before");
        Assert.True(File.Exists(Path.Combine(run, "model", "model.safetensors")));
    }

    [Fact]
    public void Heal_Instructions_TrainsOnTheAnswers()
    {
        string run = Run();
        string file = _folder.Write("a.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => $$"""{"instruction": "Count to {{i}}.", "input": "", "output": "One and {{i}}."}""" + "\n")));
        JsonElement json = Heal(run, "--instructions", file, "--window", "200", "--batch", "2", "--text", "", "--held-out", "", "--out", _folder["answers"], "--json").Json;

        // "One and 5." and the end of text, without the prompt of about 60 tokens: one of six is held out.
        Assert.InRange(json.GetProperty("heldOutTokens").GetInt32(), 3, 10);

        // A second stage that reads the same file does not see what is held out: two instructions leave one to each.
        string recipe = _folder.Write("two.yaml", $"method: full+lora\nfull:\n  instructions: {file}\nlora:\n  instructions: {file}\n");
        CommandResult both = Heal(run, "--recipe", recipe, "--window", "200", "--batch", "2", "--text", "", "--held-out", "", "--out", _folder["both"], "--json");
        Assert.True(both.ExitCode == 0, both.Error);
        Assert.Equal(json.GetProperty("heldOutTokens").GetInt32(), both.Json.GetProperty("heldOutTokens").GetInt32());
        Heal(run, "--instructions", file, "--window", "20", "--out", _folder["short"]).AssertFails(1, "no answer within 20 tokens");
    }

    [Fact]
    public void Heal_DryRun_TellsTimeAndMemoryAndWritesNothing()
    {
        string run = Run();
        JsonElement json = Heal(run, "--method", "reconstruction+full", "--dry-run", "--json").Json;
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.True(json.GetProperty("memoryBytes").GetInt64() > 100_000);
        Assert.False(Directory.Exists(Path.Combine(run, "healed")));
    }

    [Fact]
    public void Heal_WrongModelsOrTexts_AreRefusedBeforeAnythingIsWritten()
    {
        string run = Run();
        string model = SmallModel.Write(_folder["other"], SmallModel.Spec with { HiddenSize = 24 });
        Heal(Path.Combine(run, "model")).AssertFails(2, "no run folder and --out is not given");
        Heal(Path.Combine(run, "model"), "--kl", "1", "--out", _folder["a"]).AssertFails(1, "Name the dense model with --teacher");
        Heal(run, "--kl", "1", "--teacher", model, "--out", _folder["a"]).AssertFails(3, "structure_hash");
        Heal(Path.Combine(run, "model"), "--kl", "1", "--teacher", model, "--out", _folder["a"]).AssertFails(1, "Give the model that was pruned");
        Heal(run, "--text", _folder.Write("short.txt", "Only a few words."), "--out", _folder["a"]).AssertFails(1, "expected at least 96");
        Heal(run, "--window", "512", "--out", _folder["a"]).AssertFails(1, "window of lora is 512 tokens, expected at most 256");
        Heal(run, "--held-out-window", "512", "--out", _folder["a"]).AssertFails(1, "window to measure on is 512 tokens, expected at most 256");
        Heal(run, "--method", "reconstruction", "--text", _folder.Write("short.txt", "Few words."), "--out", _folder["a"]).AssertFails(1, "short.txt", "expected at least 32");
        Heal(run, "--method", "fine", "--out", _folder["a"]).AssertFails(2, "expected full, lora or reconstruction");
        Heal(run, "--save-every", "0", "--out", _folder["a"]).AssertFails(2, "--save-every is 0");
        Heal(run, "--read-off", "1,x", "--out", _folder["a"]).AssertFails(2, "expected whole numbers above 0");
        Heal(run, "--target", "both", "--out", _folder["a"]).AssertFails(2, "expected same_input or dense_stream");
        Heal(run, "--resume", "--out", _folder["a"]).AssertFails(1, "has no healing.yaml");
        Assert.False(Directory.Exists(_folder["a"]));

        // The dense model changed after the run was made.
        SmallModel.Fill(_folder["dense"], "model.norm.weight", 2);
        Heal(run, "--kl", "1", "--out", _folder["a"]).AssertFails(1, "weights have another hash");
    }

    /// <summary>Instructions of Alpaca have a field 'text' too, so that their file could be read as a text.</summary>
    [Fact]
    public void Heal_HeldOutTextThatIsTrainedOn_IsRefused()
    {
        string run = Run();
        string file = _folder.Write("a.jsonl", """{"instruction": "Count.", "output": "One.", "text": "Count. One."}""");
        Heal(run, "--held-out", CommandRunner.Text, "--out", _folder["a"]).AssertFails(1, "harbour-clock.txt: is trained on too, expected another text to measure on");
        Heal(run, "--instructions", file, "--text", "", "--held-out", file, "--out", _folder["a"]).AssertFails(1, "a.jsonl: is trained on too");
        Assert.False(Directory.Exists(_folder["a"]));
    }

    [Fact]
    public void Heal_ReadOffs_AreMeasuredBehindTheFirstStepThatReachesThem()
    {
        string run = Run();
        Assert.Equal(0, Heal(run, "--read-off", "97,250", "--log-every", "100", "--evaluate-every", "100").ExitCode);

        // A step is 96 tokens: 97 is reached by the second, 250 by the third; the last is measured anyway.
        JsonElement[] lines = [.. File.ReadAllLines(Path.Combine(run, "healed", "healing.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([192, 288, 384], lines.Select(line => line.GetProperty("tokens").GetInt32()));
        Assert.All(lines, line => Assert.True(line.GetProperty("heldOutLoss").GetDouble() > 0 && line.GetProperty("seconds").GetDouble() >= 0));
    }

    private string Run()
    {
        string run = _folder["run"];
        string dense = SmallModel.Write(_folder["dense"]);
        CommandResult result = CommandRunner.Run(
            "prune", dense, "--out", run, "--method", "magnitude", "--sparsity", "0.3", "--calibration", CommandRunner.Text, "--evaluation", CommandRunner.OtherText,
            "--windows", "2", "--window", "32", "--evaluation-limit", "2", "--evaluation-window", "32");
        Assert.True(result.ExitCode == 0, result.Error);
        return run;
    }

    private static CommandResult Heal(string model, params ReadOnlySpan<string> more)
    {
        // An option given twice is an error: what a test gives replaces the usual one; an empty value takes it away.
        List<string> arguments = [.. Arguments(model)], added = [];
        for (int i = 0; i < more.Length; i++)
        {
            int usual = arguments.IndexOf(more[i]);
            if (usual > 0 && more[i].StartsWith("--", StringComparison.Ordinal))
            {
                arguments.RemoveRange(usual, 2);
            }

            if (i + 1 < more.Length && more[i + 1].Length == 0)
            {
                i++;
                continue;
            }

            added.Add(more[i]);
        }

        return CommandRunner.Run([.. arguments, .. added]);
    }

    /// <summary>A healing that takes a moment.</summary>
    internal static string[] Arguments(string model) =>
    [
        "heal", model, "--text", CommandRunner.Text, "--held-out", CommandRunner.OtherText, "--held-out-windows", "3", "--held-out-window", "32",
        "--steps", "4", "--window", "32", "--batch", "3", "--warm-up", "1", "--windows", "6", "--epochs", "2",
    ];

    private static float[][] Rows(WeightView view)
    {
        float[][] rows = new float[view.Rows][];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new float[view.Columns];
            WeightValues.Widen(view, row, rows[row]);
        }

        return rows;
    }
}
