using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The folder of one run, locked against other processes while it is open.</summary>
/// <remarks>
/// A run begins when its recipe.yaml appears, which happens by rename after the lock is held: a process killed before that leaves a
/// folder that <see cref="Create"/> takes as empty, one killed after it leaves a run that <see cref="Open"/> continues. Files appear
/// whole or not at all; only the journal grows in place. Reading a run, as reports do, needs no lock.
/// </remarks>
public sealed class RunFolder : IDisposable
{
    /// <summary>Name of the file with everything that was decided.</summary>
    public const string RecipeName = "recipe.yaml";

    /// <summary>Name of the file with one line an evaluation.</summary>
    public const string JournalName = "journal.jsonl";

    /// <summary>Name of the file that says what stays of the model.</summary>
    public const string PlanName = "plan.json";

    /// <summary>Name of the folder with the pruned model.</summary>
    public const string ModelName = "model";

    /// <summary>Name of the file with the outcome.</summary>
    public const string ReportName = "report.json";

    /// <summary>Name of the file with the token windows that sub-models are judged by.</summary>
    public const string CalibrationName = "calibration.json";

    /// <summary>Name of the file with the token windows that the model is measured with.</summary>
    public const string EvaluationName = "evaluation.json";

    /// <summary>Name of the folder with what each round swept.</summary>
    public const string RoundsName = "rounds";

    private readonly FolderLock _lock;
    private readonly bool _madeFolder;

    private RunFolder(string path, Recipe recipe, FolderLock heldLock, bool madeFolder)
    {
        _madeFolder = madeFolder;
        FolderPath = path;
        Recipe = recipe;
        _lock = heldLock;
    }

    /// <summary>The folder as it was given.</summary>
    public string FolderPath { get; }

    /// <summary>The recipe as recipe.yaml holds it.</summary>
    public Recipe Recipe { get; }

    /// <summary>Path of <see cref="RecipeName"/>.</summary>
    public string RecipePath => PathOf(RecipeName);

    /// <summary>Path of <see cref="JournalName"/>.</summary>
    public string JournalPath => PathOf(JournalName);

    /// <summary>Path of <see cref="PlanName"/>.</summary>
    public string PlanPath => PathOf(PlanName);

    /// <summary>Path of the folder <see cref="ModelName"/>.</summary>
    public string ModelPath => PathOf(ModelName);

    /// <summary>Path of <see cref="ReportName"/>.</summary>
    public string ReportPath => PathOf(ReportName);

    /// <summary>Path of <see cref="CalibrationName"/>.</summary>
    public string CalibrationPath => PathOf(CalibrationName);

    /// <summary>Path of the folder <see cref="RoundsName"/>.</summary>
    public string RoundsPath => PathOf(RoundsName);

    /// <summary>Path of <see cref="EvaluationName"/>.</summary>
    public string EvaluationPath => PathOf(EvaluationName);

    /// <summary>Begins a run.</summary>
    /// <param name="path">A folder that does not exist yet, is empty, or in which a run was killed before it began.</param>
    /// <param name="recipe">What to do; written to recipe.yaml with every default. Without a working folder it gets the current one.</param>
    /// <exception cref="RecipeException">No run can be made from the recipe; nothing was written.</exception>
    /// <exception cref="RunFolderException">The path is a file or holds files already, or another process is writing there.</exception>
    /// <exception cref="IOException">The folder cannot be made, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be made or written.</exception>
    public static RunFolder Create(string path, Recipe recipe)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(recipe);
        Recipe complete = (recipe with { WorkingFolder = recipe.WorkingFolder ?? Directory.GetCurrentDirectory() }).Validate();
        RefuseTaken(path);
        bool madeFolder = !Directory.Exists(path);
        Directory.CreateDirectory(path);
        FolderLock heldLock = Lock(path);
        try
        {
            // Another process may have begun a run here since the first look.
            RefuseTaken(path);
            AtomicFile.DeleteTemporaries(path);
            complete.Save(Path.Combine(path, RecipeName));
            return new RunFolder(path, complete, heldLock, madeFolder);
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    /// <summary>Opens a run to continue it. What a killed process left half written is removed.</summary>
    /// <param name="path">A run folder.</param>
    /// <exception cref="RunFolderException">There is no run, or another process is writing it.</exception>
    /// <exception cref="RecipeException">recipe.yaml was changed into something that cannot be run.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public static RunFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string recipePath = Path.Combine(path, RecipeName);
        if (!File.Exists(recipePath))
        {
            string found = Directory.Exists(path) ? $"has no {RecipeName}" : "does not exist";
            throw new RunFolderException(path, $"'{path}': folder {found}, expected a run that has begun. Begin one with 'niwaki prune'.");
        }

        FolderLock heldLock = Lock(path);
        try
        {
            AtomicFile.DeleteTemporaries(path);
            return new RunFolder(path, Recipe.Load(recipePath).Validate(), heldLock, madeFolder: false);
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    /// <summary>Writes a text file that a method leaves behind; it appears whole or not at all.</summary>
    /// <param name="name">File name without folders.</param>
    /// <param name="content">The text.</param>
    /// <exception cref="ArgumentException">The name holds a folder.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void WriteText(string name, string content)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Path.GetFileName(name) != name)
        {
            throw new ArgumentException($"File name is '{name}', expected one without folders.", nameof(name));
        }

        AtomicFile.WriteAllText(PathOf(name), content);
    }

    /// <summary>Opens the journal of the run.</summary>
    /// <param name="vectorPath">Vector width of this process, such as <c>avx512</c>; recorded where the journal begins.</param>
    /// <param name="source">Tells the weights of the model from others; recorded there too. Null: not known.</param>
    /// <exception cref="ModelFormatException">The journal is broken.</exception>
    /// <exception cref="IOException">The journal cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The journal may not be read or written.</exception>
    public Journal OpenJournal(string vectorPath, string? source = null) => Journal.Open(JournalPath, vectorPath, source);

    /// <summary>Takes a run back that came to nothing: removes the files that a run begins with, and the folder if this object made it.</summary>
    /// <remarks>Files of others stay, and then the folder does. The run is closed afterwards.</remarks>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be removed.</exception>
    public void Discard()
    {
        Dispose();
        foreach (string file in (ReadOnlySpan<string>)[RecipePath, JournalPath, CalibrationPath, EvaluationPath, PathOf(FolderLock.FileName)])
        {
            File.Delete(file);
        }

        if (_madeFolder && !Directory.EnumerateFileSystemEntries(FolderPath).Any())
        {
            Directory.Delete(FolderPath);
        }
    }

    /// <summary>Lets other processes write the run.</summary>
    public void Dispose() => _lock.Dispose();

    private string PathOf(string name) => Path.Combine(FolderPath, name);

    private static void RefuseTaken(string path)
    {
        if (File.Exists(path))
        {
            throw new RunFolderException(path, $"'{path}' is a file, expected the path of a new folder. Choose another --out.");
        }

        if (File.Exists(Path.Combine(path, RecipeName)))
        {
            string step = $"Continue it with 'niwaki resume {path}' or choose another --out.";
            throw new RunFolderException(path, $"'{path}' holds a run already, expected a new or empty folder. {step}");
        }

        string? other = Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path).FirstOrDefault(FolderLock.IsForeign) : null;
        if (other is not null)
        {
            string name = Path.GetFileName(other);
            throw new RunFolderException(path, $"'{path}' holds '{name}' already, expected a new or empty folder. Choose another --out.");
        }
    }

    private static FolderLock Lock(string path) => FolderLock.TryTake(path)
        ?? throw new RunFolderException(path, $"'{path}': run is in use by another process, expected only one. Wait for it to end, or end it.");
}
