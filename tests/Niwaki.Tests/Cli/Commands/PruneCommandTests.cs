using System.Text.Json;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>What a run of <c>prune</c> leaves behind.</summary>
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

        PrunedRun.AssertSmallest(model, run, 0.37);
        PrunedRun.AssertWorks(run, run);
        PrunedRun.AssertWorks(run, Path.Combine(run, "model"));
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
            PrunedRun.Plan(model, folder["one"]).Selection.Blocks.SelectMany(block => block.Neurons), PrunedRun.Plan(model, folder["two"]).Selection.Blocks.SelectMany(block => block.Neurons));
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
        PrunedRun.AssertSmallest(model, folder["run"], 0.3);
    }

    [Fact]
    public void Prune_PrunedModel_PrunesAgain()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);

        Assert.Equal(0, CommandRunner.Prune(model, folder["first"], "--sparsity", "0.3").ExitCode);
        Assert.Equal(0, CommandRunner.Prune(folder["first"], folder["second"], "--sparsity", "0.3").ExitCode);

        PrunedRun.AssertSmallest(Path.Combine(folder["first"], "model"), folder["second"], 0.3);
        PrunedRun.AssertWorks(folder["second"], folder["second"]);
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
}
