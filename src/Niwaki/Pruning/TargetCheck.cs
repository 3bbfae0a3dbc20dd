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
    public static void Check(Recipe recipe, ModelConfig config, Action<string>? notice)
    {
        ProfileCheck.Check(recipe, config, notice);
        if (recipe.AddsBiases)
        {
            BiasRepair.ThrowIfImpossible(config);
        }

        if (recipe.Method is PruningMethod.Depth or PruningMethod.DepthWidth)
        {
            IReadOnlyList<Unit> candidates = DepthMethod.Candidates(config, recipe.Depth);
            if (recipe.Depth.Blocks is not null || recipe is { Method: PruningMethod.Depth, Depth.Order: null })
            {
                new DepthTarget(config, recipe).ThrowIfMissed(candidates);
            }
        }
        else
        {
            WidthTarget.Of(config, recipe);
        }
    }

    /// <summary>The sparsity that a run was to reach: that of the recipe, or where a number of blocks decides, the one that this makes.</summary>
    public static double SparsityOf(Recipe recipe, ModelConfig config, ModelSelection selection) =>
        recipe is { Method: PruningMethod.Depth, Depth.Blocks: not null }
            ? 1 - ((double)ParameterCounter.Count(config.Select(selection)).Prunable / ParameterCounter.Count(config).Prunable)
            : recipe.Sparsity;
}
