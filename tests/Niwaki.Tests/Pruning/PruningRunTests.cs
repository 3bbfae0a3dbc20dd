using Niwaki.Pruning;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Pruning;

public class PruningRunTests
{
    private static readonly PruningRunOptions OneThread = new() { Threads = 1 };

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public void Resume_CancelledAfterSomeEvaluations_GivesTheSameReport(int reports)
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = MakeRecipe(folder);
        RunReport whole = PruningRun.Start(recipe, folder["whole"], OneThread, TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        var progress = new CancellingProgress(reports, cancellation);

        Assert.ThrowsAny<OperationCanceledException>(
            () => PruningRun.Start(recipe, folder["run"], OneThread with { Progress = progress }, cancellation.Token));
        RunReport resumed = PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken);

        AssertSame(folder);
        Assert.Equal((whole.LossBefore, whole.LossAfter, whole.ForwardTokens, whole.Evaluations), (resumed.LossBefore, resumed.LossAfter, resumed.ForwardTokens, resumed.Evaluations));
        Assert.Equal(resumed.ToJson(), PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken).ToJson());
    }

    // A kill may come at any byte of the journal, before and after plan and model. Every 1/7 of the journal, which falls into lines; then line ends.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(7, true)]
    public void Resume_JournalTornAnywhere_GivesTheSamePlan(int sevenths, bool keepPlanAndModel)
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = MakeRecipe(folder);
        PruningRun.Start(recipe, folder["whole"], OneThread, TestContext.Current.CancellationToken);
        PruningRun.Start(recipe, folder["run"], OneThread, TestContext.Current.CancellationToken);
        Tear(folder["run"], sevenths / 7.0, keepPlanAndModel);

        PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken);

        AssertSame(folder);
        Assert.Equal(File.ReadAllLines(folder["whole/journal.jsonl"]).Length, File.ReadAllLines(folder["run/journal.jsonl"]).Length);
    }

    // Two blocks, both sub-layers of each: scans and exchanges, torn anywhere.
    [Theory]
    [InlineData(0.2)]
    [InlineData(0.45)]
    [InlineData(0.7)]
    [InlineData(0.95)]
    public void Resume_DepthSearchTornAnywhere_GivesTheSamePlanAndReport(double share)
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = MakeRecipe(folder) with
        {
            Method = PruningMethod.Depth,
            Depth = new DepthOptions { Search = DepthSearch.Swaps, Units = DepthUnit.Sublayer, Blocks = 2 },
        };
        RunReport whole = PruningRun.Start(recipe, folder["whole"], OneThread, TestContext.Current.CancellationToken);
        PruningRun.Start(recipe, folder["run"], OneThread, TestContext.Current.CancellationToken);
        Tear(folder["run"], share, keepPlanAndModel: false);

        RunReport resumed = PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken);

        AssertSame(folder);
        Assert.Equal((whole.LossAfter, whole.ForwardTokens, whole.Evaluations), (resumed.LossAfter, resumed.ForwardTokens, resumed.Evaluations));
        Assert.Equal(File.ReadAllText(folder["whole/depth_path.csv"]), File.ReadAllText(folder["run/depth_path.csv"]));
    }

    // The evaluation before the kill took 1,000 s by its record; the resumed part less.
    [Fact]
    public void Resume_TimeBeforeTheKill_Counts()
    {
        using var folder = new TemporaryFolder();
        PruningRun.Start(MakeRecipe(folder), folder["run"], OneThread, TestContext.Current.CancellationToken);
        File.Delete(folder["run/report.json"]);
        string[] lines = File.ReadAllLines(folder["run/journal.jsonl"]);
        lines[1] = System.Text.RegularExpressions.Regex.Replace(lines[1], "\"seconds\":[^,}]*", "\"seconds\":1000");
        File.WriteAllText(folder["run/journal.jsonl"], string.Join('\n', lines) + "\n");

        Assert.InRange(PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken).Seconds, 1000, 1100);
    }

    [Fact]
    public void Resume_TextsLostBeforeTheBaseline_AreWrittenAgain()
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = MakeRecipe(folder);
        PruningRun.Start(recipe, folder["whole"], OneThread, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder["run"]);
        File.Copy(folder["whole/recipe.yaml"], folder["run/recipe.yaml"]);

        PruningRun.Resume(folder["run"], OneThread, TestContext.Current.CancellationToken);

        AssertSame(folder);
    }

    [Fact]
    public void Start_MemoryLimit_SamePlan()
    {
        using var folder = new TemporaryFolder();
        Recipe recipe = MakeRecipe(folder);
        PruningRun.Start(recipe, folder["whole"], OneThread, TestContext.Current.CancellationToken);

        PruningRun.Start(recipe, folder["run"], OneThread with { MemoryBytes = 512 * 1024 }, TestContext.Current.CancellationToken);

        AssertSame(folder);
    }

    [Fact]
    public void Start_NoModelInRecipe_ThrowsRecipeException() =>
        Assert.Throws<RecipeException>(() => PruningRun.Start(new Recipe(), "nowhere", OneThread, TestContext.Current.CancellationToken));

    private static Recipe MakeRecipe(TemporaryFolder folder) => new()
    {
        Model = SmallModel.Write(folder["model"]),
        WorkingFolder = folder.Path,
        Sparsity = 0.3,
        Calibration = new CalibrationOptions { Windows = 2, Window = 32 },
        Evaluation = new EvaluationOptions { Windows = 2, Window = 32 },
        Bonsai = new BonsaiOptions { MasksPerRound = 4, PruneFraction = 0.1 },
    };

    private static void Tear(string run, double share, bool keepPlanAndModel)
    {
        string journal = Path.Combine(run, RunFolder.JournalName);
        using (FileStream stream = File.OpenWrite(journal))
        {
            stream.SetLength((long)(stream.Length * share));
        }

        File.Delete(Path.Combine(run, RunFolder.ReportName));
        if (!keepPlanAndModel)
        {
            File.Delete(Path.Combine(run, RunFolder.PlanName));
            Directory.Delete(Path.Combine(run, RunFolder.ModelName), recursive: true);
            Directory.CreateDirectory(Path.Combine(run, ".model.0123456789abcdef0123456789abcdef.tmp"));
        }
    }

    private static void AssertSame(TemporaryFolder folder)
    {
        foreach (string name in (ReadOnlySpan<string>)["plan.json", "model/model.safetensors", "model/config.json", "calibration.json"])
        {
            Assert.Equal(File.ReadAllBytes(folder["whole/" + name]), File.ReadAllBytes(folder["run/" + name]));
        }

        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder["run"]), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private sealed class CancellingProgress(int reports, CancellationTokenSource cancellation) : IProgress<PruningProgress>
    {
        private int _reports;

        public void Report(PruningProgress value)
        {
            if (++_reports == reports)
            {
                cancellation.Cancel();
            }
        }
    }
}
