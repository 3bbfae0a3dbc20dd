using Niwaki.Runs;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private static readonly Recipe Simple = new() { Model = "m", WorkingFolder = Path.GetTempPath() };

    private readonly TemporaryFolder _folder = new();

    private string Run => _folder["run"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Create_NewFolder_WritesTheWholeRecipe()
    {
        using RunFolder run = RunFolder.Create(Path.Combine(Run, "deeper"), Simple);
        Assert.Equal(Simple.ToYaml(), File.ReadAllText(run.RecipePath));
        Assert.Equal(Simple, run.Recipe);
        Assert.Equal(
            ["calibration.json", "evaluation.json", "journal.jsonl", "model", "plan.json", "report.json"],
            ((string[])[run.CalibrationPath, run.EvaluationPath, run.JournalPath, run.ModelPath, run.PlanPath, run.ReportPath])
                .Select(path => Path.GetRelativePath(run.FolderPath, path)));
    }

    [Fact]
    public void Create_NoWorkingFolder_RecordsTheCurrentOne()
    {
        using RunFolder run = RunFolder.Create(Run, Simple with { WorkingFolder = null });
        Assert.Equal(Directory.GetCurrentDirectory(), Recipe.Load(run.RecipePath).WorkingFolder);
    }

    [Fact]
    public void Create_EmptyFolder_IsUsed()
    {
        Directory.CreateDirectory(Run);
        RunFolder.Create(Run, Simple).Dispose();
        Assert.True(File.Exists(Path.Combine(Run, "recipe.yaml")));
    }

    [Fact]
    public void Create_KilledBeforeItBegan_IsUsedAgain()
    {
        _folder.Write("run/run.lock", "");
        _folder.Write("run/.recipe.yaml.0123456789abcdef0123456789abcdef.tmp", "half a rec");
        var error = Assert.Throws<RunFolderException>(() => RunFolder.Open(Run));
        Assert.Equal($"'{Run}': folder has no recipe.yaml, expected a run that has begun. Begin one with 'niwaki prune'.", error.Message);
        RunFolder.Create(Run, Simple).Dispose();
        Assert.Equal(["recipe.yaml", "run.lock"], NamesInRun());
    }

    [Fact]
    public void Create_RunIsThere_SaysHowToGoOn()
    {
        RunFolder.Create(Run, Simple).Dispose();
        var error = Assert.Throws<RunFolderException>(() => RunFolder.Create(Run, Simple with { Seed = 1 }));
        Assert.Equal(
            $"'{Run}' holds a run already, expected a new or empty folder. Continue it with 'niwaki resume {Run}' or choose another --out.",
            error.Message);
        Assert.Equal(Run, error.Folder);
        Assert.Equal(0, Recipe.Load(Path.Combine(Run, "recipe.yaml")).Seed);
    }

    [Fact]
    public void Create_OtherFilesAreThere_NamesOneAndTouchesNothing()
    {
        _folder.Write("run/thesis.tex", "x");
        var error = Assert.Throws<RunFolderException>(() => RunFolder.Create(Run, Simple));
        Assert.Equal($"'{Run}' holds 'thesis.tex' already, expected a new or empty folder. Choose another --out.", error.Message);
        Assert.Equal(["thesis.tex"], NamesInRun());
    }

    [Fact]
    public void Create_PathIsAFile_Throws()
    {
        var error = Assert.Throws<RunFolderException>(() => RunFolder.Create(_folder.Write("file", "x"), Simple));
        Assert.Contains("is a file, expected the path of a new folder", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Hidden files of others are none of a run that was killed.</summary>
    [Fact]
    public void Create_HiddenFolderOfAnother_IsRefusedAndLeft()
    {
        _folder.Write("run/.cache.tmp/mine.txt", "mine");
        Assert.Contains("holds '.cache.tmp' already", Assert.Throws<RunFolderException>(() => RunFolder.Create(Run, Simple)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["run/.cache.tmp/mine.txt"]));
    }

    [Fact]
    public void Create_RecipeThatCannotRun_MakesNoFolder()
    {
        Assert.Throws<RecipeException>(() => RunFolder.Create(Run, Simple with { Sparsity = 2 }));
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void Open_RunThatWasBegun_GivesItsRecipeAndRemovesLeftovers()
    {
        RunFolder.Create(Run, Simple).Dispose();
        _folder.Write("run/.model.7777777777777777777777777777abcd.tmp/model.safetensors", "half");
        _folder.Write("run/.plan.json.8888888888888888888888888888abcd.tmp", "half");
        _folder.Write("run/notes.txt", "mine");
        using RunFolder run = RunFolder.Open(Run);
        Assert.Equal(Simple, run.Recipe);
        Assert.Equal(["notes.txt", "recipe.yaml", "run.lock"], NamesInRun());
    }

    [Fact]
    public void Open_NoFolder_Throws()
    {
        var error = Assert.Throws<RunFolderException>(() => RunFolder.Open(Run));
        Assert.Equal($"'{Run}': folder does not exist, expected a run that has begun. Begin one with 'niwaki prune'.", error.Message);
    }

    [Fact]
    public void Open_RecipeThatCannotRun_ThrowsAndUnlocks()
    {
        RunFolder.Create(Run, Simple).Dispose();
        _folder.Write("run/recipe.yaml", "sparsity: 7");
        Assert.Throws<RecipeException>(() => RunFolder.Open(Run));
        _folder.Write("run/recipe.yaml", Simple.ToYaml());
        RunFolder.Open(Run).Dispose();
    }

    [Fact]
    public void Open_WhileOpen_SaysItIsInUse()
    {
        using (RunFolder run = RunFolder.Create(Run, Simple))
        {
            var error = Assert.Throws<RunFolderException>(() => RunFolder.Open(Run));
            Assert.Equal($"'{Run}': run is in use by another process, expected only one. Wait for it to end, or end it.", error.Message);
        }

        RunFolder.Open(Run).Dispose();
    }

    [Fact]
    public void Create_AtTheSameTime_OneWins()
    {
        Directory.CreateDirectory(Run);
        int won = 0;
        Parallel.For(0, 8, i =>
        {
            try
            {
                // Not disposed: a process that has won keeps the lock.
                RunFolder.Create(Run, Simple with { Seed = i });
                Interlocked.Increment(ref won);
            }
            catch (RunFolderException)
            {
            }
        });
        Assert.Equal(1, won);
    }

    [Fact]
    public void OpenJournal_InARun_IsTheJournalOfTheRun()
    {
        using RunFolder run = RunFolder.Create(Run, Simple);
        using (Journal journal = run.OpenJournal("avx2"))
        {
            journal.Append("a", default);
        }

        Assert.Equal(["journal.jsonl", "recipe.yaml", "run.lock"], NamesInRun());
    }

    [Fact]
    public void Discard_FolderWasNew_RemovesIt()
    {
        RunFolder.Create(Run, Simple).Discard();

        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void Discard_FolderWasThereOrHoldsMore_Stays()
    {
        Directory.CreateDirectory(Run);
        RunFolder.Create(Run, Simple).Discard();
        Assert.Empty(NamesInRun());

        Directory.Delete(Run);
        RunFolder run = RunFolder.Create(Run, Simple);
        File.WriteAllText(Path.Combine(Run, "notes.txt"), "mine");
        run.Discard();
        Assert.Equal(["notes.txt"], NamesInRun());
    }

    private string[] NamesInRun() =>
        [.. Directory.EnumerateFileSystemEntries(Run).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
