using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Allocation;

/// <summary>What a width method has to remove.</summary>
internal static class WidthTarget
{
    /// <summary>Prunable parameters that must go.</summary>
    /// <param name="config">The model.</param>
    /// <param name="recipe">Sparsity, and the units that may go.</param>
    /// <exception cref="PruningException">All units that may go hold fewer.</exception>
    public static long Of(ModelConfig config, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(recipe);
        long target = PlanTarget.PrunableToRemove(config, recipe.Sparsity);
        long removable = SubLayerUnits.Of(config, recipe.WidthUnits).Sum(units => units.Count * units.UnitParameters);
        double share = (double)removable / ParameterCounter.Count(config).Prunable;
        return removable >= target
            ? target
            : throw new PruningException(
                FormattableString.Invariant($"'width_units' is {recipe.WidthUnits.ToString().ToLowerInvariant()}, which hold {removable:N0} parameters, ")
                + FormattableString.Invariant($"expected at least {target:N0} for a sparsity of {recipe.Sparsity}. Lower it to {Math.Floor(share * 100) / 100} or less."));
    }
}
