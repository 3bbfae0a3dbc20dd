using Niwaki.Formats;

namespace Niwaki.Healing;

/// <summary>The folder of a healing: its recipe, its log, the states of its stages, and in the end the model and the report.</summary>
/// <param name="Path">The folder.</param>
internal sealed record HealingFolder(string Path)
{
    public const string ModelName = "model";
    public const string AdapterName = "adapter";
    public const string LogName = "healing.jsonl";

    public string RecipePath => At(HealingRecipe.FileName);

    public string LogPath => At(LogName);

    public string ModelPath => At(ModelName);

    public string AdapterPath => At(AdapterName);

    public string ReportPath => At(HealingReport.FileName);

    public string SubLayersPath => At("sub-layers");

    public string StatePath(HealingStage stage) => At($"state-{HealingSchema.NameOf(stage)}.safetensors");

    /// <summary>Makes the folder and writes the recipe, or checks that the one there is of the same recipe.</summary>
    /// <remarks>
    /// A healing begins when its recipe appears, by rename after the lock is held: a process that is killed before that leaves a folder that counts as new. What a
    /// killed process left half written is removed.
    /// </remarks>
    /// <returns>The lock of the folder, to be held until the healing ends.</returns>
    /// <exception cref="HealingException">The folder is taken, holds another healing or none, or another process heals there.</exception>
    public FolderLock Begin(HealingRecipe recipe, bool resume)
    {
        if (resume && !File.Exists(RecipePath))
        {
            throw new HealingException($"'{Path}': has no {HealingRecipe.FileName}, expected a healing that has begun. Leave --resume out to begin one.");
        }

        if (!resume)
        {
            RefuseTaken();
            Directory.CreateDirectory(Path);
        }

        FolderLock held = FolderLock.TryTake(Path)
            ?? throw new HealingException($"'{Path}': healing is in use by another process, expected only one. Wait for it to end, or end it.");
        try
        {
            Begin(recipe.ToYaml(), resume);
            AtomicFile.DeleteTemporaries(Path);
            AtomicFile.DeleteTemporaries(SubLayersPath);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Writes the report and removes the states, which nothing goes on from any more.</summary>
    public void End(HealingReport report)
    {
        AtomicFile.WriteAllText(ReportPath, report.ToJson().ToJsonString(new() { WriteIndented = true }) + "\n");
        foreach (string state in Directory.GetFiles(Path, "state-*.safetensors"))
        {
            File.Delete(state);
        }

        DeleteFolder(SubLayersPath);
    }

    private void Begin(string yaml, bool resume)
    {
        if (resume)
        {
            string[] begun = HealingRecipe.Load(RecipePath).ToYaml().Split('\n'), given = yaml.Split('\n');
            if (!begun.SequenceEqual(given, StringComparer.Ordinal))
            {
                string[] found = [.. begun.Except(given, StringComparer.Ordinal).Select(line => line.Trim())], expected = [.. given.Except(begun, StringComparer.Ordinal).Select(line => line.Trim())];
                throw new HealingException(
                    $"'{RecipePath}': is another recipe ({MessageText.Shown(string.Join(", ", found))}) than that of the options given ({MessageText.Shown(string.Join(", ", expected))}), "
                    + "expected the same. Give the command that the healing was begun with.");
            }

            if (File.Exists(ReportPath))
            {
                throw new HealingException($"'{Path}': healing has ended, expected one that was interrupted. Choose another --out for a new one.");
            }

            DeleteFolder(ModelPath);
            DeleteFolder(AdapterPath);
            return;
        }

        RefuseTaken(); // by a process that was faster
        AtomicFile.WriteAllText(RecipePath, yaml);
    }

    private void RefuseTaken()
    {
        if (File.Exists(Path) || (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(FolderLock.IsForeign)))
        {
            string step = File.Exists(RecipePath) ? "Give --resume to go on with it, or another --out." : "Give another --out.";
            throw new HealingException($"'{Path}' exists and is not empty, expected a new folder. {step}");
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
