using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Pruning;

public sealed class RunRefitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(UnitRepair.None)]
    [InlineData(UnitRepair.Bias)]
    public void Make_SameSettings_SamePlanAndModel(UnitRepair repair)
    {
        Run(repair);

        RunRefit refit = RunRefit.Make(_folder["run"], _folder["refit"], options => options, 1, TestContext.Current.CancellationToken);

        Assert.Equal(File.ReadAllBytes(_folder["run/plan.json"]), File.ReadAllBytes(_folder["refit/plan.json"]));
        Assert.Equal(File.ReadAllBytes(_folder["run/model/model.safetensors"]), File.ReadAllBytes(_folder["refit/model/model.safetensors"]));
        Assert.Equal(1, refit.SharedRemoved);
    }

    // Other settings decide the last round only: the records stay as they were, and the result still reaches the target.
    [Theory]
    [InlineData("ridge")]
    [InlineData("published")]
    public void Make_OtherRegression_OtherPlanFromTheSameRecords(string change)
    {
        Run(UnitRepair.None);
        byte[] journal = File.ReadAllBytes(_folder["run/journal.jsonl"]);

        RunRefit refit = RunRefit.Make(
            _folder["run"],
            _folder["refit"],
            options => change == "ridge" ? options with { Ridge = 1000, Utility = SubModelUtility.Loss } : options with { Regression = RegressionKind.Published },
            2,
            TestContext.Current.CancellationToken);

        Assert.Equal(journal, File.ReadAllBytes(_folder["run/journal.jsonl"]));
        Assert.InRange(refit.SparsityReached, 0.3, 0.35);
        using Checkpoint source = Checkpoint.Open(_folder["model"]);
        PruningPlan plan = PruningPlan.Read(_folder["refit/plan.json"], ModelConfigReader.Read(source), source.StructureHash);
        Assert.Contains(change == "ridge" ? "utility: loss" : "regression: published", plan.Recipe, StringComparison.Ordinal);
    }

    [Fact]
    public void Make_UtilityThatNeedsPasses_Throws()
    {
        Run(UnitRepair.None);
        Assert.Throws<PruningException>(() => RunRefit.Make(
            _folder["run"], _folder["refit"], options => options with { Utility = SubModelUtility.Divergence }, 1, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(_folder["refit"]));
    }

    [Fact]
    public void Make_OtherWeightsOfTheSameShape_Throws()
    {
        Run(UnitRepair.None);
        SmallModel.Fill(_folder["model"], "model.layers.0.mlp.down_proj.weight", 0.5f);
        PruningException error = Assert.Throws<PruningException>(() => RunRefit.Make(_folder["run"], _folder["refit"], options => options, 1, TestContext.Current.CancellationToken));
        Assert.Contains("weights have another hash", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["refit"]));
    }

    [Fact]
    public void Make_RoundRecordOfAnotherModel_ThrowsModelFormatException()
    {
        Run(UnitRepair.None);
        File.WriteAllText(_folder["run/rounds/round-1.json"], """{"prior": [[1, 2]], "means": [], "averages": []}""");
        Assert.Throws<Niwaki.Formats.ModelFormatException>(() =>
            RunRefit.Make(_folder["run"], _folder["refit"], options => options, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Refit_CommandLine_SaysWhatItDid()
    {
        Run(UnitRepair.None);

        CommandResult result = CommandRunner.Run("refit", _folder["run"], "--ridge", "10", "--out", _folder["refit"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("no pass", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandRunner.Run("inspect", _folder["refit/model"]).ExitCode);
    }

    private void Run(UnitRepair repair) => PruningRun.Start(
        new Recipe
        {
            Model = SmallModel.Write(_folder["model"]),
            WorkingFolder = _folder.Path,
            Sparsity = 0.3,
            Calibration = new CalibrationOptions { Windows = 2, Window = 32 },
            Evaluation = new EvaluationOptions { Windows = 2, Window = 32 },
            Bonsai = new BonsaiOptions { MasksPerRound = 6, PruneFraction = 0.1, Repair = repair },
        },
        _folder["run"],
        new PruningRunOptions { Threads = 1 },
        TestContext.Current.CancellationToken);
}
