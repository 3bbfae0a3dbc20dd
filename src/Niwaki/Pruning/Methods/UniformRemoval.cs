using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes the lowest-scored units of every sub-layer, about the same share of each, until a target is reached.</summary>
internal static class UniformRemoval
{
    /// <summary>Decides from scores that are comparable inside a sub-layer only.</summary>
    public static ModelSelection Decide(PruningContext context, Func<SubLayerUnits, double[]> scoresOf)
    {
        ModelConfig config = context.Config;
        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(config, context.Recipe.WidthUnits);
        long target = WidthTarget.Of(config, context.Recipe);
        return SelectionBuilder.Without(
            config, Steps(config, subLayers, [.. subLayers.Select(scoresOf)], context.Shapes, target).SelectMany(step => step.Units));
    }

    /// <summary>The steps that go.</summary>
    /// <param name="config">The model.</param>
    /// <param name="subLayers">Its sub-layers.</param>
    /// <param name="scores">For each sub-layer the scores of its units, [units].</param>
    /// <param name="shapes">Which sizes may stay.</param>
    /// <param name="target">Prunable parameters that must go.</param>
    public static IReadOnlyList<RemovalStep> Steps(
        ModelConfig config, IReadOnlyList<SubLayerUnits> subLayers, double[][] scores, ShapeRules shapes, long target)
    {
        var steps = new List<RemovalStep>();
        for (int group = 0; group < subLayers.Count; group++)
        {
            SubLayerUnits units = subLayers[group];
            double[] own = scores[group];
            int[] ranked = [.. Enumerable.Range(0, units.Count).OrderBy(i => own[i]).ThenBy(i => i)];

            // The quantile in the middle of a unit's place: comparable between sub-layers of any size.
            double[] quantiles = [.. Enumerable.Range(0, units.Count).Select(i => (i + 0.5) / units.Count)];
            steps.AddRange(RemovalSteps.Cut(units, ranked, quantiles, shapes.Of(units.SubLayer, config.Blocks[units.Block]), group));
        }

        return RemovalSteps.Reach(RemovalSteps.Order(shapes.EqualBlocks ? RemovalSteps.Join(steps, config.Blocks.Count) : steps), target);
    }
}
