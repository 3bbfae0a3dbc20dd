using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning;
using Niwaki.Runs;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class NiwakiMethodTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Cut inside the measurements of a block, which are made together, and resumed on two threads.
    [Theory]
    [InlineData(UnitRepair.None, 0.2)]
    [InlineData(UnitRepair.None, 0.55)]
    [InlineData(UnitRepair.Bias, 0.8)]
    public void Decide_KilledAndResumedOnTwoThreads_SamePlan(UnitRepair repair, double share)
    {
        Recipe recipe = MakeRecipe(repair);
        RunReport whole = Run(recipe, "whole");
        Run(recipe, "run");
        File.Delete(_folder["run/report.json"]);
        using (FileStream journal = File.OpenWrite(_folder["run/journal.jsonl"]))
        {
            journal.SetLength((long)(journal.Length * share));
        }

        RunReport resumed = PruningRun.Resume(_folder["run"], new PruningRunOptions { Threads = 2 }, TestContext.Current.CancellationToken);

        Assert.Equal(File.ReadAllBytes(_folder["whole/plan.json"]), File.ReadAllBytes(_folder["run/plan.json"]));
        Assert.Equal(File.ReadAllBytes(_folder["whole/model/model.safetensors"]), File.ReadAllBytes(_folder["run/model/model.safetensors"]));
        Assert.Equal((whole.ForwardTokens, whole.Evaluations), (resumed.ForwardTokens, resumed.Evaluations));
    }

    // The second MLP is made silent: its neurons change nothing, so they go before any group that does. (Single neurons of a random model may do harm.)
    [Fact]
    public void Decide_AnMlpThatDoesNothing_GoesFirst()
    {
        Recipe recipe = MakeRecipe(UnitRepair.None);
        recipe = recipe with { Niwaki = recipe.Niwaki with { Group = 16 } };
        SmallModel.Fill(recipe.Model!, "model.layers.1.mlp.down_proj.weight", 0);

        RunReport report = Run(recipe, "run");

        Assert.Equal(4, report.Blocks[0].After.KeyValueHeads);
        Assert.Equal(96, report.Blocks[0].After.Neurons);
        Assert.InRange(report.Blocks[1].After.Neurons, 1, 20);
        Assert.Equal(report.LossBefore, report.LossAfter, 6);
    }

    [Fact]
    public void Decide_RoundTo_WidthsAreMultiples()
    {
        RandomCheckpointSpec spec = SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96), new BlockShape(4, 4, 100)] };
        Run(MakeRecipe(UnitRepair.None, spec) with { RoundTo = 32 }, "run");
        using Checkpoint written = Checkpoint.Open(_folder["run"]);
        Assert.All(
            ModelConfigReader.Read(written).Blocks,
            block => Assert.True(block.Heads % 4 == 0 && (block.Neurons % 32 == 0 || block.Neurons == 100), block.ToString()));
    }

    [Fact]
    public void Decide_GroupedQueries_ReachesTheExactTarget()
    {
        RandomCheckpointSpec spec = SmallModel.Spec with { Blocks = [new BlockShape(4, 2, 96), new BlockShape(1, 1, 1)] };
        RunReport report = Run(MakeRecipe(UnitRepair.None, spec) with { Sparsity = 0.9 }, "run");
        using Checkpoint written = Checkpoint.Open(_folder["run"]);
        Assert.Equal(report.PrunableAfter, ParameterCounter.Count(ModelConfigReader.Read(written)).Prunable);
        Assert.InRange(report.SparsityReached, 0.9, 1);
    }

    private RunReport Run(Recipe recipe, string name) =>
        PruningRun.Start(recipe, _folder[name], new PruningRunOptions { Threads = 1 }, TestContext.Current.CancellationToken);

    private Recipe MakeRecipe(UnitRepair repair, RandomCheckpointSpec? spec = null) => new()
    {
        Model = SmallModel.Write(_folder["model"], spec),
        WorkingFolder = _folder.Path,
        Method = PruningMethod.Niwaki,
        Sparsity = 0.3,
        Calibration = new CalibrationOptions { Windows = 4, Window = 32 },
        Evaluation = new EvaluationOptions { Windows = 2, Window = 32 },
        Niwaki = new NiwakiOptions { Rounds = 3, WindowsPerGroup = 3, Repair = repair },
    };
}
