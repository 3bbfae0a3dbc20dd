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
    /// <exception cref="HealingException">The folder is taken, or holds another healing or none.</exception>
    public void Begin(HealingRecipe recipe, bool resume)
    {
        string yaml = recipe.ToYaml();
        if (resume)
        {
            if (!File.Exists(RecipePath))
            {
                throw new HealingException($"'{Path}': has no {HealingRecipe.FileName}, expected a healing that has begun. Leave --resume out to begin one.");
            }

            if (HealingRecipe.Load(RecipePath).ToYaml() != yaml)
            {
                throw new HealingException($"'{RecipePath}': is another recipe than that of the options given, expected the same. Give the command that the healing was begun with.");
            }

            if (File.Exists(ReportPath))
            {
                throw new HealingException($"'{Path}': healing has ended, expected one that was interrupted. Choose another --out for a new one.");
            }

            DeleteFolder(ModelPath);
            DeleteFolder(AdapterPath);
            return;
        }

        if (File.Exists(Path) || (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any()))
        {
            throw new HealingException($"'{Path}' exists and is not empty, expected a new folder. Give --resume to go on with it, or another --out.");
        }

        Directory.CreateDirectory(Path);
        AtomicFile.WriteAllText(RecipePath, yaml);
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

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
