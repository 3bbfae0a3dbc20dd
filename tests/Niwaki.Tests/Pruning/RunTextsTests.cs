using Niwaki.Pruning;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Pruning;

/// <summary>What decides and what measures share no window.</summary>
public sealed class RunTextsTests : IDisposable
{
    private static readonly PruningRunOptions OneThread = new() { Threads = 1 };

    /// <summary>So small a share of the probability holds the likeliest token alone.</summary>
    private static readonly CalibrationOptions Greedy = new() { Windows = 2, Window = 32, TopP = 1e-6 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Start_TwoTextsWrittenWithoutChance_IsRefusedAndLeavesNothing()
    {
        Recipe recipe = MakeRecipe() with { Calibration = Greedy, Evaluation = new EvaluationOptions { Windows = 2, Window = 24 } };

        PruningException error = Assert.Throws<PruningException>(() => Start(recipe));

        Assert.Contains("Calibration window 1: its first 24 tokens are those of an evaluation window too", error.Message, StringComparison.Ordinal);
        Assert.Contains("Raise 'calibration.temperature', which is 1", error.Message, StringComparison.Ordinal);
        Assert.Equal(["model"], _folder.Names);
    }

    /// <summary>Two files of one text: of 512 windows at some 50 places one is the first of the text.</summary>
    [Fact]
    public void Start_CopyOfTheText_IsRefused()
    {
        string text = File.ReadAllText(CommandRunner.Text)[..300];
        Recipe recipe = MakeRecipe() with
        {
            Calibration = new CalibrationOptions { Source = TextSource.File, File = _folder.Write("one.txt", text), Windows = 512, Window = 32 },
            Evaluation = new EvaluationOptions { Source = TextSource.File, File = _folder.Write("two.txt", text), Windows = 1, Window = 32 },
        };

        Assert.Contains("its first 32 tokens are those of an evaluation window too", Assert.Throws<PruningException>(() => Start(recipe)).Message, StringComparison.Ordinal);
    }

    /// <summary>So few tokens are equal by chance where a vocabulary is small.</summary>
    [Fact]
    public void Start_ShortWindows_MayBeEqual()
    {
        Start(MakeRecipe() with { Calibration = Greedy with { Window = 8 }, Evaluation = new EvaluationOptions { Windows = 2, Window = 8 } });

        Assert.Equal(Windows("evaluation.json").Windows[0], Windows("calibration.json").Windows[0]);
    }

    /// <summary>A run of a version that did not look.</summary>
    [Fact]
    public void Resume_TextsThatAreThere_GoesOn()
    {
        Start(MakeRecipe());
        Windows("calibration.json").Write(_folder["run/evaluation.json"]);
        File.WriteAllText(_folder["run/journal.jsonl"], "");
        File.Delete(_folder["run/report.json"]);
        File.Delete(_folder["run/plan.json"]);
        Directory.Delete(_folder["run/model"], recursive: true);

        RunReport report = PruningRun.Resume(_folder["run"], OneThread, TestContext.Current.CancellationToken);

        Assert.InRange(report.LossBefore, 0.1, 100);
    }

    private Recipe MakeRecipe() => new()
    {
        Model = SmallModel.Write(_folder["model"]),
        WorkingFolder = _folder.Path,
        Sparsity = 0.3,
        Method = PruningMethod.Random,
        Calibration = new CalibrationOptions { Windows = 2, Window = 32 },
        Evaluation = new EvaluationOptions { Windows = 2, Window = 32 },
    };

    private void Start(Recipe recipe) => PruningRun.Start(recipe, _folder["run"], OneThread, TestContext.Current.CancellationToken);

    private RecordedWindows Windows(string name) => RecordedWindows.Read(_folder["run/" + name], 4096);
}
