using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>What <c>prune</c> does to reach a target, and what it says of one that cannot be reached.</summary>
public class PruneTargetTests
{
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
        PrunedRun.AssertSmallest(model, folder["run"], sparsity);
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
        PrunedRun.AssertWorks(folder["run"], folder["run"]);
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
        BlockShape[] blocks = [.. PrunedRun.Config(folder["run"]).Blocks];
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
        BlockShape[] blocks = [.. PrunedRun.Config(folder["run"]).Blocks];
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

    [Fact]
    public void Prune_OrderThatIsTooShort_SaysSoBeforeAnythingIsMade()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string order = folder.Write("order.csv", "1\n");
        CommandRunner.Prune(model, folder["run"], "--method", "depth", "--order", order, "--blocks", "2").AssertFails(1, "2 blocks or sub-layers are to go, expected at most the 1");
        Assert.False(Directory.Exists(folder["run"]));
    }
}
