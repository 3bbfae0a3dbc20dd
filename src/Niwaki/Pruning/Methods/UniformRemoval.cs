using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes the lowest-scored units of every sub-layer, about the same share of each, until the target is reached.</summary>
internal static class UniformRemoval
{
    /// <summary>Decides from scores that are comparable inside a sub-layer only.</summary>
    public static ModelSelection Decide(PruningContext context, Func<SubLayerUnits, double[]> scoresOf)
    {
        ModelConfig config = context.Config;
        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(config);
        var steps = new List<RemovalStep>();
        for (int group = 0; group < subLayers.Count; group++)
        {
            SubLayerUnits units = subLayers[group];
            double[] scores = scoresOf(units);
            int[] ranked = [.. Enumerable.Range(0, units.Count).OrderBy(i => scores[i]).ThenBy(i => i)];

            // The quantile in the middle of a unit's place: comparable between sub-layers of any size.
            double[] quantiles = [.. Enumerable.Range(0, units.Count).Select(i => (i + 0.5) / units.Count)];
            steps.AddRange(RemovalSteps.Cut(units, ranked, quantiles, WidthMultiple.Of(config, units, context.Recipe.RoundTo), group));
        }

        var builder = new SelectionBuilder(config);
        long target = PlanTarget.PrunableToRemove(config, context.Recipe.Sparsity);
        foreach (Unit unit in RemovalSteps.Reach(RemovalSteps.Order(steps), target).SelectMany(step => step.Units))
        {
            builder.Remove(unit);
        }

        return builder.Build();
    }
}
