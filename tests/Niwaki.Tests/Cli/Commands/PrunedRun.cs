using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Tests.Cli.Commands;

/// <summary>What a run of <c>prune</c> has to hold.</summary>
internal static class PrunedRun
{
    /// <summary>Asserts that a model of a run, or the run, works with every verb, and the run with <c>resume</c>.</summary>
    public static void AssertWorks(string run, string model)
    {
        Assert.Equal(0, CommandRunner.Run("inspect", model).ExitCode);
        Assert.Equal(0, CommandRunner.Run("tokenize", model, "--text", "It rained.").ExitCode);
        Assert.Equal(0, CommandRunner.Run("score", model, "--text", "It rained.").ExitCode);
        Assert.Equal(3, CommandRunner.Run("generate", model, "--prompt", "It", "--max-tokens", "3", "--json").Json.GetProperty("ids").GetArrayLength());
        Assert.Equal(0, CommandRunner.Run("eval", model, "--file", CommandRunner.Text, "--window", "32", "--limit", "1").ExitCode);
        Assert.Equal(0, CommandRunner.Run("resume", run).ExitCode);
    }

    /// <summary>Asserts that a plan reaches the target, and would not with any one removed unit less.</summary>
    public static void AssertSmallest(string model, string run, double sparsity)
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

    /// <summary>The config of a folder.</summary>
    public static ModelConfig Config(string model)
    {
        using Checkpoint checkpoint = Checkpoint.Open(model);
        return ModelConfigReader.Read(checkpoint);
    }

    /// <summary>The plan of a run from a model.</summary>
    public static PruningPlan Plan(string model, string run)
    {
        using Checkpoint checkpoint = Checkpoint.Open(model);
        return PruningPlan.Read(Path.Combine(run, "plan.json"), ModelConfigReader.Read(checkpoint), checkpoint.StructureHash);
    }
}
