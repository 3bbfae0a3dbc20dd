using System.Text.Json;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public class PruneCommandTests
{
    [Fact]
    public void Prune_Json_HoldsExactCounts()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--sparsity", "0.4", "--json");

        JsonElement json = result.Json;
        Assert.Equal("", result.Error);
        Assert.Equal(folder["run"], json.GetProperty("run").GetString());
        Assert.Equal(SmallModel.Prunable, json.GetProperty("prunableBefore").GetInt64());
        long after = json.GetProperty("prunableAfter").GetInt64();
        Assert.Equal(1 - ((double)after / SmallModel.Prunable), json.GetProperty("sparsity").GetDouble(), 12);
        Assert.Equal(SmallModel.Prunable - after, json.GetProperty("parametersBefore").GetInt64() - json.GetProperty("parametersAfter").GetInt64());
        Assert.True(json.GetProperty("forwardTokens").GetInt64() > 0);
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.True(double.IsFinite(json.GetProperty("lossBefore").GetDouble()) && double.IsFinite(json.GetProperty("lossAfter").GetDouble()));

        using Checkpoint written = Checkpoint.Open(folder["run"]);
        Assert.Equal(after, ParameterCounter.Count(ModelConfigReader.Read(written)).Prunable);
        Assert.Equal(json.GetProperty("parametersAfter").GetInt64(), written.Tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (product, n) => product * n)));
    }

    [Fact]
    public void Prune_Table_SaysWhatHappened()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Prune(model, folder["run"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("13,312", result.Output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder["run"], "model"), result.Output, StringComparison.Ordinal);
        Assert.Contains("wrote itself", result.Output, StringComparison.Ordinal);
        Assert.Contains("round 1", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bonsai")]
    [InlineData("random")]
    [InlineData("magnitude")]
    public void Prune_EveryWidthMethod_RunFolderWorksWithEveryVerb(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string run = folder["run"];

        Assert.Equal(0, CommandRunner.Prune(model, run, "--method", method, "--sparsity", "0.37").ExitCode);

        AssertSmallest(model, run, 0.37);
        AssertWorks(run, run);
        AssertWorks(run, Path.Combine(run, "model"));
    }

    // A KV group holds as much as ten neurons: where one goes last, neurons of the rounds before must come back.
    [Theory]
    [InlineData("1", 0.17)]
    [InlineData("2", 0.23)]
    [InlineData("3", 0.31)]
    [InlineData("5", 0.44)]
    [InlineData("5", 0.52)]
    public void Prune_BonsaiOverRounds_PlanIsSmallest(string seed, double sparsity)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Prune(
            model, folder["run"], "--seed", seed, "--sparsity", sparsity.ToString(System.Globalization.CultureInfo.InvariantCulture));

        Assert.True(result.ExitCode == 0, result.Error);
        AssertSmallest(model, folder["run"], sparsity);
    }

    // Of three equal blocks a third goes with one, and everything with all three.
    [Theory]
    [InlineData(2, "--sparsity", "0.3")]
    [InlineData(2, "--sparsity", "0.3333333333333333")]
    [InlineData(1, "--blocks", "2")]
    [InlineData(0, "--blocks", "3")]
    public void Prune_Depth_RemovesBlocks(int left, params string[] target)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [.. Enumerable.Repeat(SmallModel.Spec.Blocks[0], 3)] });

        CommandResult result = CommandRunner.Prune(model, folder["run"], ["--method", "depth", .. target]);

        Assert.True(result.ExitCode == 0, result.Error);
        AssertWorks(folder["run"], folder["run"]);
        JsonElement inspected = CommandRunner.Run("inspect", folder["run"], "--json").Json;
        Assert.Equal(left, inspected.GetProperty("blocks").GetArrayLength());
        if (left > 0)
        {
            // Equal blocks: stock software loads the model.
            Assert.Contains("\"model_type\": \"llama\"", File.ReadAllText(Path.Combine(folder["run"], "model", "config.json")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Prune_MoreBlocksThanMayGo_Fails()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandRunner.Prune(model, folder["run"], "--method", "depth", "--blocks", "3", "--json").AssertFails(1, "3 blocks or sub-layers", "at most the 2");
        CommandRunner.Prune(model, folder["other"], "--method", "depth", "--plus", "true", "--json").AssertFails(1, "2 blocks, none of which may go");
        Assert.False(Directory.Exists(folder["run"]) || Directory.Exists(folder["other"]));
        CommandRunner.Run("prune", model, "--out", folder["run"], "--method", "depth", "--blocks", "3", "--dry-run").AssertFails(1, "3 blocks or sub-layers");
    }

    // One of two equal blocks: half of the prunable parameters, whatever the recipe's own sparsity is.
    [Fact]
    public void Prune_NumberOfBlocks_TargetIsWhatThatMakes()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        JsonElement json = CommandRunner.Prune(model, folder["run"], "--method", "depth", "--blocks", "1", "--json").Json;
        Assert.Equal(0.5, json.GetProperty("sparsity").GetDouble(), 1e-9);
        Assert.Contains("Target: 50.0%", File.ReadAllText(folder["run/model/README.md"]).Replace("50.0 %", "50.0%", StringComparison.Ordinal), StringComparison.Ordinal);
        JsonElement plan = JsonDocument.Parse(File.ReadAllText(folder["run/plan.json"])).RootElement;
        Assert.Equal(0.5, plan.GetProperty("sparsity").GetDouble(), 1e-9);
    }

    // The recipe of a run holds the folder that its paths start from; what is named on the command line starts here all the same.
    [Fact]
    public void Prune_RecipeOfARunElsewhere_PathsOfTheCommandLineStartHere()
    {
        using var folder = new TemporaryFolder();
        string there = Directory.CreateDirectory(folder["there"]).FullName;
        string name = Path.GetFileName(folder["model"]);
        SmallModel.Write(Path.Combine(there, name), SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96)] });
        string model = SmallModel.Write(folder[name]);
        string recipe = folder.Write("recipe.yaml", $"working_folder: {there}\n");
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), model);

        CommandResult result = CommandRunner.Prune(relative, folder["run"], "--recipe", recipe, "--method", "random", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(SmallModel.Prunable, result.Json.GetProperty("prunableBefore").GetInt64());
        Assert.Contains($"model: {Path.GetFullPath(relative)}", File.ReadAllText(folder["run/recipe.yaml"]), StringComparison.Ordinal);
    }

    // A group has 8 channels: multiples of 32 leave 4 groups or none. Of 100 neurons 4 are the first to go; where none goes, 100 stay.
    [Theory]
    [InlineData("bonsai")]
    [InlineData("random")]
    [InlineData("magnitude")]
    public void Prune_RoundTo_WidthsAreMultiples(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96), new BlockShape(4, 4, 100)] });

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", method, "--round-to", "32", "--sparsity", "0.4", "--json");

        Assert.True(result.Json.GetProperty("sparsity").GetDouble() >= 0.4);
        BlockShape[] blocks = [.. Config(folder["run"]).Blocks];
        Assert.All(blocks, block => Assert.True(block.Heads % 4 == 0 && (block.Neurons % 32 == 0 || block.Neurons == 100), block.ToString()));
    }

    // In a model of 2 × 4 groups and 2 × 96 neurons an MLP holds two thirds of what can go.
    [Theory]
    [InlineData("bonsai", "neurons", 8, 96)]
    [InlineData("niwaki", "neurons", 8, 96)]
    [InlineData("random", "neurons", 8, 96)]
    [InlineData("magnitude", "groups", 4, 192)]
    public void Prune_WidthUnits_TheOtherUnitsStay(string method, string units, int groups, int mostNeurons)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96), new BlockShape(4, 4, 96)] });

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", method, "--width-units", units, "--sparsity", "0.2", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        BlockShape[] blocks = [.. Config(folder["run"]).Blocks];
        Assert.InRange(blocks.Sum(block => block.KeyValueHeads), units == "neurons" ? groups : 1, groups);
        Assert.InRange(blocks.Sum(block => block.Neurons), units == "groups" ? mostNeurons : 1, units == "groups" ? mostNeurons : 191);
    }

    [Theory]
    [InlineData("bonsai")]
    [InlineData("niwaki")]
    [InlineData("magnitude")]
    public void Prune_WidthUnitsThatHoldTooLittle_SaysHowMuch(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96), new BlockShape(4, 4, 96)] });

        CommandRunner.Prune(model, folder["run"], "--method", method, "--width-units", "groups", "--sparsity", "0.9")
            .AssertFails(1, "'width_units' is groups, which hold");
    }

    // Of four groups one stays in every block: 2 · 3 · 512 of 13,312 parameters.
    [Theory]
    [InlineData("bonsai")]
    [InlineData("niwaki")]
    [InlineData("magnitude")]
    public void Prune_UniformWidthUnitsThatHoldTooLittle_SaysHowMuch(string method)
    {
        using var folder = new TemporaryFolder();
        string[] options = ["--method", method, "--width-units", "groups", "--profile", "uniform", "--sparsity"];

        CommandRunner.Prune(SmallModel.Write(folder["model"]), folder["run"], [.. options, "0.25"])
            .AssertFails(1, "'width_units' is groups, which hold 3,072 parameters that may go with profile uniform");
        Assert.False(Directory.Exists(folder["run"]));
        Assert.Equal(0, CommandRunner.Prune(folder["model"], folder["run"], [.. options, "0.23"]).ExitCode);
    }

    // The published command, but for the names of the script and of a model that is here.
    [Fact]
    public void Prune_OptionsOfThePublishedCommandLine_AreKnown()
    {
        using var folder = new TemporaryFolder();

        CommandResult result = CommandRunner.Run(
            "prune", "--model", SmallModel.Write(folder["model"]), "--save", folder["run"], "--sparsity_ratio", "0.2", "--nsamples", "2", "--seqlen", "32", "--bsz", "1",
            "--masks_per_iter", "4", "--prune_frac", "0.1", "--prune_method", "wanda", "--mlp_attn_ratio", "1.0", "--tol", "0.02", "--regression", "published",
            "--sm_reg_weight", "[1e2, 1e-4, 0]", "--sm_lr_factor", "[100, 10]", "--sm_bsz", "[4]", "--sm_nepochs", "2", "--sm_reg_type", "l2", "--sm_lin_model_type", "local",
            "--repair_method", "bias", "--evaluation-limit", "2", "--evaluation-window", "32", "--threads", "1", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        string recipe = File.ReadAllText(folder["run/recipe.yaml"]);
        Assert.Contains("regression_weights: 100, 0.0001, 0", recipe, StringComparison.Ordinal);
        Assert.Contains("regression_rates: 100, 10", recipe, StringComparison.Ordinal);
        Assert.Contains("regression_batches: 4", recipe, StringComparison.Ordinal);
    }

    [Fact]
    public void Prune_OneAndTwoThreads_SameBytes()
    {
        using var folder = new TemporaryFolder();

        foreach ((string run, string threads) in (ReadOnlySpan<(string, string)>)[("one", "1"), ("two", "2")])
        {
            string[] quick = [.. CommandRunner.Quick];
            quick[^1] = threads;
            Assert.Equal(0, CommandRunner.Run(["prune", CommandRunner.Sample, "--out", folder[run], "--sparsity", "0.1", "--seed", "3", .. quick]).ExitCode);
        }

        foreach (string name in (ReadOnlySpan<string>)["plan.json", "calibration.json", "evaluation.json", "model/model.safetensors", "model/config.json"])
        {
            Assert.Equal(File.ReadAllBytes(folder["one/" + name]), File.ReadAllBytes(folder["two/" + name]));
        }
    }

    [Fact]
    public void Prune_OtherSeed_OtherPlan()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandRunner.Prune(model, folder["one"], "--seed", "1", "--method", "random");
        CommandRunner.Prune(model, folder["two"], "--seed", "2", "--method", "random");

        Assert.NotEqual(
            Plan(model, folder["one"]).Selection.Blocks.SelectMany(block => block.Neurons), Plan(model, folder["two"]).Selection.Blocks.SelectMany(block => block.Neurons));
    }

    [Fact]
    public void Prune_Int16WithFiles_Works()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        JsonElement json = CommandRunner.Prune(
            model, folder["run"], "--precision", "int16", "--calibration", CommandRunner.Text, "--evaluation", CommandRunner.OtherText, "--json").Json;

        Assert.True(json.GetProperty("sparsity").GetDouble() >= 0.3);
        string recipe = File.ReadAllText(folder["run/recipe.yaml"]);
        Assert.Contains("precision: int16", recipe, StringComparison.Ordinal);
        Assert.Contains("harbour-clock.txt", recipe, StringComparison.Ordinal);
        AssertSmallest(model, folder["run"], 0.3);
    }

    [Theory]
    [InlineData("bonsai.yaml", "depth", "0.5")]
    [InlineData("shortened-llama.yaml", "random", "0.1875")]
    public void Prune_RecipeOfRepository_OptionsOverrideIt(string recipe, string method, string sparsity)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        CommandResult result = CommandRunner.Prune(
            model, folder["run"], "--recipe", RepositoryFiles.Get("samples", "recipes", recipe), "--method", method,
            "--plus", "false", "--calibration", "self", "--evaluation", "self", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        string written = File.ReadAllText(folder["run/recipe.yaml"]);
        Assert.Contains($"method: {method}", written, StringComparison.Ordinal);
        Assert.Contains($"sparsity: {sparsity}", written, StringComparison.Ordinal);
    }

    // Options of other methods are for scripts that try one method after the other; who forgot --method sees it at once.
    [Theory]
    [InlineData("random", "--blocks 1 --rounds 2", "Method random does not look at --prune-fraction, --masks, --rounds, --blocks.")]
    [InlineData("niwaki", "--prior wanda --group 4", "Method niwaki does not look at --prune-fraction, --masks.")]
    [InlineData("bonsai", "--prior wanda --units block", "Method bonsai does not look at --units.")]
    [InlineData("depth+width", "--passes 4 --units block", "Method depth+width does not look at --passes.")]
    public void Prune_OptionsOfAnotherMethod_SaysSo(string method, string more, string expected)
    {
        using var folder = new TemporaryFolder();

        CommandResult result = CommandRunner.Prune(SmallModel.Write(folder["model"]), folder["run"], ["--method", method, "--dry-run", .. more.Split(' ')]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prune_PrunedModel_PrunesAgain()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        Assert.Equal(0, CommandRunner.Prune(model, folder["first"], "--sparsity", "0.3").ExitCode);
        Assert.Equal(0, CommandRunner.Prune(folder["first"], folder["second"], "--sparsity", "0.3").ExitCode);

        AssertSmallest(Path.Combine(folder["first"], "model"), folder["second"], 0.3);
        AssertWorks(folder["second"], folder["second"]);
    }

    [Fact]
    public void Prune_LicenceBesideModel_IsCopiedByteForByte()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        byte[] licence = [0xEF, 0xBB, 0xBF, .. "Do as you like.\r\n"u8, 0xFF];
        folder.Write("model/LICENSE", licence);
        folder.Write("model/notes.exe", "not part of a model");

        Assert.Equal(0, CommandRunner.Prune(model, folder["run"], "--method", "random").ExitCode);

        Assert.Equal(licence, File.ReadAllBytes(folder["run/model/LICENSE"]));
        Assert.Equal(File.ReadAllBytes(folder["model/tokenizer.json"]), File.ReadAllBytes(folder["run/model/tokenizer.json"]));
        Assert.False(File.Exists(folder["run/model/notes.exe"]));
    }

    [Fact]
    public void Prune_DryRun_WritesNothing()
    {
        using var folder = new TemporaryFolder();

        JsonElement json = CommandRunner.Prune(SmallModel.Write(folder["model"]), folder["run"], "--dry-run", "--json").Json;

        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.True(json.GetProperty("memoryBytes").GetInt64() > 0);
        Assert.InRange(json.GetProperty("diskBytes").GetInt64(), 1, new FileInfo(folder["model/model.safetensors"]).Length);
        Assert.Equal(["model"], folder.Names);
    }

    // Every round counts as the first; later ones have fewer units and may look closer.
    [Theory]
    [InlineData("1000")]
    [InlineData("4")]
    [InlineData("1")]
    public void Prune_DryRunOfNiwaki_TokensNearThoseOfTheRun(string passes)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string[] options = ["--method", "niwaki", "--sparsity", "0.3", "--windows-per-group", "2", "--rounds", "3", "--passes", passes, "--json"];

        long estimated = CommandRunner.Prune(model, folder["run"], [.. options, "--dry-run"]).Json.GetProperty("forwardTokens").GetInt64();
        long taken = CommandRunner.Prune(model, folder["run"], options).Json.GetProperty("forwardTokens").GetInt64() - (2 * 32); // the model wrote its text

        Assert.InRange(estimated, 0.6 * taken, 1.6 * taken);
    }

    [Theory]
    [InlineData("--calibration", "typo.txt")]
    [InlineData("--evaluation", "typo.txt")]
    [InlineData("--order", "typo.csv")]
    public void Prune_FileThatDoesNotExist_SaysSoBeforeAnythingIsMade(string option, string name)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string[] options = [option, folder[name], "--method", "depth", "--sparsity", "0.4"];

        foreach (string[] more in (string[][])[[], ["--dry-run"]])
        {
            CommandRunner.Prune(model, folder["run"], [.. options, .. more]).AssertFails(1, "Could not find file", name);
            Assert.Equal(["model"], folder.Names);
        }
    }

    [Fact]
    public void Prune_OrderThatIsTooShort_SaysSoBeforeAnythingIsMade()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string order = folder.Write("order.csv", "1\n");
        CommandRunner.Prune(model, folder["run"], "--method", "depth", "--order", order, "--blocks", "2").AssertFails(1, "2 blocks or sub-layers are to go, expected at most the 1");
        Assert.False(Directory.Exists(folder["run"]));
    }

    // Same held-out text, same target; the shares of units differ. Both are measured on text that neither decided on.
    [Fact]
    public void Prune_BonsaiOnSample_LosesLessThanRandom()
    {
        using var folder = new TemporaryFolder();
        string[] settings =
        [
            "--sparsity", "0.3", "--calibration", RepositoryFiles.Get("samples", "text", "evening-post.txt"), "--windows", "8", "--window", "64",
            "--evaluation", CommandRunner.Text, "--evaluation-window", "128", "--evaluation-limit", "4", "--masks", "16", "--prune-fraction", "0.15", "--json",
        ];

        double bonsai = LossAfter("bonsai");
        double random = LossAfter("random");

        Assert.True(bonsai < random, $"bonsai {bonsai}, random {random}");
        double LossAfter(string method) =>
            CommandRunner.Run(["prune", CommandRunner.Sample, "--out", folder[method], "--method", method, .. settings]).Json.GetProperty("lossAfter").GetDouble();
    }

    private static void AssertWorks(string run, string model)
    {
        Assert.Equal(0, CommandRunner.Run("inspect", model).ExitCode);
        Assert.Equal(0, CommandRunner.Run("tokenize", model, "--text", "It rained.").ExitCode);
        Assert.Equal(0, CommandRunner.Run("score", model, "--text", "It rained.").ExitCode);
        Assert.Equal(3, CommandRunner.Run("generate", model, "--prompt", "It", "--max-tokens", "3", "--json").Json.GetProperty("ids").GetArrayLength());
        Assert.Equal(0, CommandRunner.Run("eval", model, "--file", CommandRunner.Text, "--window", "32", "--limit", "1").ExitCode);
        Assert.Equal(0, CommandRunner.Run("resume", run).ExitCode);
    }

    /// <summary>Asserts that a plan reaches the target, and would not with any one removed unit less.</summary>
    private static void AssertSmallest(string model, string run, double sparsity)
    {
        ModelConfig config = Config(model);
        ModelSelection selection = Plan(model, run).Selection;
        long target = PlanTarget.PrunableToRemove(config, sparsity);
        long removed = ParameterCounter.Count(config).Prunable - ParameterCounter.Count(config.Select(selection)).Prunable;
        IEnumerable<Unit> gone = config.Blocks.Index().SelectMany(block =>
        {
            BlockSelection kept = selection.Blocks[block.Index];
            return Enumerable.Range(0, block.Item.KeyValueHeads).Except(kept.KeyValueHeads).Select(i => new Unit(UnitKind.KeyValueGroup, block.Index, i))
                .Concat(Enumerable.Range(0, block.Item.Neurons).Except(kept.Neurons).Select(i => new Unit(UnitKind.Neuron, block.Index, i)));
        });

        Assert.True(removed >= target, $"removed {removed}, target {target}");
        Assert.All(gone, unit => Assert.True(removed - ParameterCounter.PrunableOf(config, unit) < target, $"{unit} could stay: removed {removed}, target {target}"));
    }

    private static ModelConfig Config(string model)
    {
        using Checkpoint checkpoint = Checkpoint.Open(model);
        return ModelConfigReader.Read(checkpoint);
    }

    private static PruningPlan Plan(string model, string run)
    {
        using Checkpoint checkpoint = Checkpoint.Open(model);
        return PruningPlan.Read(Path.Combine(run, "plan.json"), ModelConfigReader.Read(checkpoint), checkpoint.StructureHash);
    }
}
