using Niwaki.Datasets;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning;

/// <summary>What a recipe wants of a model: whether that can be had, before anything takes time.</summary>
internal static class TargetCheck
{
    /// <summary>Checks a recipe against a model.</summary>
    /// <param name="recipe">The recipe, valid by itself.</param>
    /// <param name="config">The model.</param>
    /// <param name="notice">Told what of a profile is possible only nearly; null: nobody.</param>
    /// <exception cref="PruningException">The units that may go are too few, no pruned form fits the profile, or the model has no place for biases.</exception>
    /// <exception cref="DatasetException">The file with the order of the blocks is broken, or that of another model.</exception>
    /// <exception cref="IOException">That file does not exist or cannot be read.</exception>
    public static void Check(Recipe recipe, ModelConfig config, Action<string>? notice)
    {
        ProfileCheck.Check(recipe, config, notice);
        if (recipe.AddsBiases)
        {
            BiasRepair.ThrowIfImpossible(config);
        }

        if (recipe.Method is PruningMethod.Depth or PruningMethod.DepthWidth)
        {
            CheckDepth(recipe, config);
        }
        else
        {
            WidthTarget.Of(config, recipe);
        }
    }

    /// <summary>Looks for the files that a run reads after it has begun.</summary>
    /// <exception cref="FileNotFoundException">One does not exist.</exception>
    /// <exception cref="DatasetException">One is a folder.</exception>
    public static void CheckFiles(Recipe recipe)
    {
        string?[] files =
        [
            recipe.Calibration.Source == TextSource.File ? recipe.Calibration.File : null,
            recipe.Evaluation.Source == TextSource.File ? recipe.Evaluation.File : null,
        ];
        foreach (string path in files.OfType<string>().Select(recipe.FullPath))
        {
            if (Directory.Exists(path))
            {
                throw new DatasetException($"'{path}'", "is a folder", "a text file", "Name the file in it.");
            }

            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"Could not find file '{path}'.", path);
            }
        }
    }

    /// <summary>The sparsity that a run was to reach: that of the recipe, or where a number of blocks decides, the one that this makes.</summary>
    public static double SparsityOf(Recipe recipe, ModelConfig config, ModelSelection selection) =>
        recipe is { Method: PruningMethod.Depth, Depth.Blocks: not null }
            ? 1 - ((double)ParameterCounter.Count(config.Select(selection)).Prunable / ParameterCounter.Count(config).Prunable)
            : recipe.Sparsity;

    private static void CheckDepth(Recipe recipe, ModelConfig config)
    {
        var target = new DepthTarget(config, recipe);
        IReadOnlyList<Unit> candidates = DepthMethod.Candidates(config, recipe.Depth);
        if (recipe is { Method: PruningMethod.Depth, Depth.Order: { } order })
        {
            target.Reach(OrderFile.Read(recipe.FullPath(order), config, recipe.Depth));
        }
        else if (recipe.Method == PruningMethod.Depth || recipe.Depth.Blocks is not null)
        {
            target.ThrowIfMissed(candidates);
        }
        else if (!target.IsReached(candidates))
        {
            WidthTarget.ThrowIfOutOfReach(config, recipe, candidates);
        }
    }
}
