using System.Text.Json;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning;
using Niwaki.Pruning.Methods;
using Niwaki.Runs;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class BonsaiMethodTests : IDisposable
{
    private static readonly BonsaiOptions Quick = new() { MasksPerRound = 6, PruneFraction = 0.1 };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Variants =>
    [
        "ridge", "fluctuation", "global", "round", "disjoint", "loss", "divergence", "published", "local", "none", "no-perturb", "flap", "stop", "bias",
    ];

    public void Dispose() => _folder.Dispose();

    // Killed at a third of its journal and resumed on another number of threads, each variant must end in the same plan, model and diagnostics.
    [Theory]
    [MemberData(nameof(Variants))]
    public void Decide_KilledAndResumedOnTwoThreads_SamePlan(string variant)
    {
        Recipe recipe = MakeRecipe(OptionsOf(variant));
        RunReport whole = Run(recipe, "whole", 1);
        Run(recipe, "run", 1);
        File.Delete(_folder["run/report.json"]);
        using (FileStream journal = File.OpenWrite(_folder["run/journal.jsonl"]))
        {
            journal.SetLength(journal.Length / 3);
        }

        RunReport resumed = PruningRun.Resume(_folder["run"], new PruningRunOptions { Threads = 2 }, TestContext.Current.CancellationToken);

        Assert.Equal(File.ReadAllBytes(_folder["whole/plan.json"]), File.ReadAllBytes(_folder["run/plan.json"]));
        Assert.Equal(File.ReadAllBytes(_folder["whole/model/model.safetensors"]), File.ReadAllBytes(_folder["run/model/model.safetensors"]));
        Assert.Equal(whole.ForwardTokens, resumed.ForwardTokens);
        Assert.Equal(whole.Rounds!.Select(WithoutTime), resumed.Rounds!.Select(WithoutTime));
    }

    // A round removes at most its tenth; three and a rest reach 0.3 where the target is exact, and 0.29 is within 0.02 of it where it is not.
    [Fact]
    public void Decide_PublishedStop_EndsWithinTheTolerance()
    {
        RunReport report = Run(MakeRecipe(Quick with { Stop = StopRule.Published, Tolerance = 0.05 }), "run", 1);
        Assert.InRange(report.SparsityReached, 0.25, 0.3);
    }

    [Fact]
    public void Decide_Disjoint_EveryRoundReadsOtherWindows()
    {
        Recipe recipe = MakeRecipe(Quick with { CalibrationSets = CalibrationSets.Disjoint });
        recipe = recipe with { Calibration = recipe.Calibration with { Source = TextSource.File, File = CommandRunner.Text } };
        Run(recipe, "run", 1);
        RecordedWindows windows = RecordedWindows.Read(_folder["run/calibration.json"], 4096);
        Assert.Equal(3 * recipe.Calibration.Windows, windows.Windows.Length);
        Assert.Equal(windows.Windows.Length, windows.Windows.Select(window => string.Join(' ', window)).Distinct().Count());
    }

    // Two query heads for each of two KV groups: a group owns 2 · 2 + 2 = 6 matrices' worth of 8 × 16, that is 768, not the 4 of the published code.
    [Fact]
    public void Decide_GroupedQueries_ReachesTheExactTarget()
    {
        RandomCheckpointSpec spec = SmallModel.Spec with { Blocks = [new BlockShape(4, 2, 96), new BlockShape(4, 2, 96)] };
        Recipe recipe = MakeRecipe(Quick, spec) with { Sparsity = 0.5 };
        RunReport report = Run(recipe, "run", 1);
        using Checkpoint written = Checkpoint.Open(_folder["run"]);
        ModelConfig config = ModelConfigReader.Read(written);
        Assert.Equal(report.PrunableAfter, ParameterCounter.Count(config).Prunable);
        Assert.InRange(report.SparsityReached, 0.5, 0.5 + (48.0 / report.PrunableBefore));
        Assert.All(config.Blocks, block => Assert.Equal(block.Heads, 2 * block.KeyValueHeads));
    }

    // One unit in every sub-layer of the first block: each is its own pool, every drawn sub-model lacks it and its complement has it.
    [Theory]
    [InlineData(RegressionKind.Ridge)]
    [InlineData(RegressionKind.Published)]
    [InlineData(RegressionKind.None)]
    public void Decide_OneUnitInASubLayer_Ends(RegressionKind regression)
    {
        RandomCheckpointSpec spec = SmallModel.Spec with { Blocks = [new BlockShape(1, 1, 1), new BlockShape(1, 1, 8), new BlockShape(1, 1, 8)] };
        RunReport report = Run(MakeRecipe(Quick with { Regression = regression }, spec), "run", 1);
        Assert.InRange(report.SparsityReached, 0.3, 1);
    }

    // exp(800) is beyond float64, and a loss that is not a number is worse than every other.
    [Theory]
    [InlineData(SubModelUtility.Perplexity, double.NaN, -1e8)]
    [InlineData(SubModelUtility.Perplexity, 800, -1e8)]
    [InlineData(SubModelUtility.Loss, double.PositiveInfinity, -1e8)]
    [InlineData(SubModelUtility.Divergence, 0.5, -0.5)]
    [InlineData(SubModelUtility.Perplexity, 0, -1)]
    public void Utility_AnyMeasurement_IsFinite(SubModelUtility kind, double found, double expected) =>
        Assert.Equal(expected, BonsaiEvaluations.Utility(kind, found));

    // Half the evaluations, permutations and folds: numbers that a reader of the report can trust to be there and in range.
    [Theory]
    [InlineData(RegressionKind.Ridge)]
    [InlineData(RegressionKind.Published)]
    public void Decide_Regression_ReportsWhatItKnew(RegressionKind regression)
    {
        RunReport report = Run(MakeRecipe(Quick with { Regression = regression, MasksPerRound = 12 }), "run", 1);
        Assert.Equal(3, report.Rounds!.Count);
        Assert.All(report.Rounds, round =>
        {
            Assert.InRange(round.CrossValidatedTau!.Value, -1, 1);
            Assert.InRange(round.NullTau!.Value, -1, 1);
            Assert.InRange(round.HalfCorrelation!.Value, -1, 1);
            Assert.InRange(round.HalfOverlap!.Value, 0, 1);
            Assert.InRange(round.PriorShare, 0, 1);
            Assert.InRange(round.ChanceShare, 0, 1);
            Assert.Equal(13 * 2 * 32, round.ForwardTokens);
            Assert.True(round.CrossValidatedR2 <= 1);
        });
    }

    [Fact]
    public void Decide_PriorOnly_RemovesWhatThePriorSays() =>
        Assert.All(Run(MakeRecipe(Quick with { Perturb = false }), "run", 1).Rounds!, round => Assert.Equal((1.0, 0), (round.PriorShare, round.Evaluations)));

    [Fact]
    public void Decide_BiasRepairOfAModelWithoutBiases_Throws()
    {
        RandomCheckpointSpec spec = SmallModel.Spec with { ModelType = "mistral" };
        Exception error = Assert.ThrowsAny<NiwakiException>(() => Run(MakeRecipe(Quick with { Repair = UnitRepair.Bias }, spec), "run", 1));
        Assert.Contains("mistral", error.Message, StringComparison.Ordinal);
    }

    private static string WithoutTime(ReportedRound round) => JsonSerializer.Serialize(round with { Seconds = 0 });

    private static BonsaiOptions OptionsOf(string variant) => variant switch
    {
        "fluctuation" => Quick with { Prior = ImportancePrior.Fluctuation },
        "global" => Quick with { Sampler = BonsaiSampler.Global, Complement = false },
        "round" => Quick with { CalibrationSets = CalibrationSets.Round },
        "disjoint" => Quick with { CalibrationSets = CalibrationSets.Disjoint },
        "loss" => Quick with { Utility = SubModelUtility.Loss },
        "divergence" => Quick with { Utility = SubModelUtility.Divergence },
        "published" => Quick with { Regression = RegressionKind.Published },
        "local" => Quick with { Regression = RegressionKind.Published, RegressionScope = RegressionScope.Local, RegressionPenalty = RegressionPenalty.L2 },
        "none" => Quick with { Regression = RegressionKind.None },
        "no-perturb" => Quick with { Perturb = false, Prior = ImportancePrior.Random },
        "flap" => Quick with { Perturb = false, Sampler = BonsaiSampler.Global, Prior = ImportancePrior.Fluctuation, Repair = UnitRepair.Bias },
        "stop" => Quick with { Stop = StopRule.Published },
        "bias" => Quick with { Repair = UnitRepair.Bias },
        _ => Quick,
    };

    private RunReport Run(Recipe recipe, string name, int threads) =>
        PruningRun.Start(recipe, _folder[name], new PruningRunOptions { Threads = threads }, TestContext.Current.CancellationToken);

    private Recipe MakeRecipe(BonsaiOptions options, RandomCheckpointSpec? spec = null) => new()
    {
        Model = SmallModel.Write(_folder["model"], spec),
        WorkingFolder = _folder.Path,
        Sparsity = 0.3,
        Calibration = new CalibrationOptions { Windows = 2, Window = 32 },
        Evaluation = new EvaluationOptions { Windows = 2, Window = 32 },
        Bonsai = options,
    };
}
