using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Healing;

/// <summary>A pruned model to be healed and, where the recipe asks for it, the dense model that it came from.</summary>
internal sealed class HealingSource : IDisposable
{
    private HealingSource(Checkpoint model, ModelConfig config)
    {
        Model = model;
        Config = config;
    }

    /// <summary>The pruned model.</summary>
    public Checkpoint Model { get; }

    public ModelConfig Config { get; }

    /// <summary>The dense model; null where it is not needed.</summary>
    public Checkpoint? Dense { get; private set; }

    public ModelConfig? DenseConfig { get; private set; }

    /// <summary>Tells the weights of the dense model from others; null where it is not needed.</summary>
    public string? DenseHash { get; private set; }

    /// <summary>For every block of the pruned model the one of the dense model that it came from; means nothing where a recipe compares outputs alone.</summary>
    public IReadOnlyList<int> Blocks { get; private set; } = [];

    /// <summary>Opens the models.</summary>
    /// <exception cref="HealingException">The dense model is not known, or does not belong to the pruned one.</exception>
    /// <exception cref="ModelFormatException">A model is broken, or the plan of the run was made for another dense model.</exception>
    public static HealingSource Open(HealingRecipe recipe, CancellationToken cancellationToken)
    {
        string path = recipe.FullPath(recipe.Model!);
        var model = Checkpoint.Open(path);
        var source = new HealingSource(model, ModelConfigReader.Read(model));
        try
        {
            if (recipe.NeedsTeacher)
            {
                source.OpenDense(recipe, path, cancellationToken);
            }

            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        Dense?.Dispose();
    }

    private void OpenDense(HealingRecipe recipe, string path, CancellationToken cancellationToken)
    {
        string planPath = Path.Combine(path, RunFolder.PlanName);
        string dense = recipe.Teacher is { } teacher ? recipe.FullPath(teacher) : OfRun(path);
        Dense = Checkpoint.Open(dense);
        DenseConfig = ModelConfigReader.Read(Dense);
        DenseHash = Dense.ContentHash(cancellationToken);
        if (File.Exists(planPath))
        {
            var plan = PruningPlan.Read(planPath, DenseConfig, Dense.StructureHash);
            if (plan.SourceContentHash is { } hash && hash != DenseHash)
            {
                throw new HealingException($"'{dense}': weights have another hash than {hash}, expected those that '{planPath}' was made for. Give the model that was pruned.");
            }

            Blocks = plan.Selection.KeptBlocks;
        }
        else
        {
            Blocks = [.. Enumerable.Range(0, Config.Blocks.Count)];
        }

        bool comparesBlocks = recipe.Stages.Any(stage => recipe.Gradient(stage) is null or { Hidden: > 0 });
        if (comparesBlocks && (Blocks.Count != Config.Blocks.Count || (!File.Exists(planPath) && DenseConfig.Blocks.Count != Blocks.Count)))
        {
            throw new HealingException(
                $"'{path}': model has {Config.Blocks.Count} blocks, expected {(File.Exists(planPath) ? Blocks.Count : DenseConfig.Blocks.Count)}: which blocks of '{dense}' "
                + "they came from is not known. Give the run folder, which holds the plan.");
        }

        if ((DenseConfig.HiddenSize, DenseConfig.VocabularySize, DenseConfig.HeadDim) != (Config.HiddenSize, Config.VocabularySize, Config.HeadDim))
        {
            throw new HealingException(
                $"'{dense}': width, vocabulary and head size are {DenseConfig.HiddenSize}, {DenseConfig.VocabularySize} and {DenseConfig.HeadDim}, "
                + $"expected {Config.HiddenSize}, {Config.VocabularySize} and {Config.HeadDim}, those of '{path}'. Give the model that was pruned.");
        }
    }

    private static string OfRun(string path)
    {
        string recipePath = Path.Combine(path, RunFolder.RecipeName);
        if (!File.Exists(recipePath))
        {
            throw new HealingException($"'{path}': has no {RunFolder.RecipeName} that names the dense model, expected a run folder. Name the dense model with --teacher.");
        }

        Recipe run = Recipe.Load(recipePath);
        return run.Model is { } model
            ? run.FullPath(model)
            : throw new HealingException($"'{recipePath}': model is missing, expected the path of the dense model. Name it with --teacher.");
    }
}
