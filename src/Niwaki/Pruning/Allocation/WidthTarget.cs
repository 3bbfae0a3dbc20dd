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
        ThrowIfOutOfReach(config, recipe, []);
        return PlanTarget.PrunableToRemove(config, recipe.Sparsity);
    }

    /// <summary>Whether a target can be reached in the width of what some units leave.</summary>
    /// <param name="config">The model.</param>
    /// <param name="recipe">Sparsity, shapes, and the units that may go.</param>
    /// <param name="gone">Blocks or sub-layers that are gone.</param>
    public static bool IsInReach(ModelConfig config, Recipe recipe, IReadOnlyList<Unit> gone) =>
        Most(config, recipe, gone) >= PlanTarget.PrunableToRemove(config, recipe.Sparsity);

    /// <summary>Refuses a target that cannot be reached in the width of what some units leave.</summary>
    /// <param name="config">The model.</param>
    /// <param name="recipe">Sparsity, shapes, and the units that may go.</param>
    /// <param name="gone">Blocks or sub-layers that are gone.</param>
    /// <exception cref="PruningException">It cannot.</exception>
    public static void ThrowIfOutOfReach(ModelConfig config, Recipe recipe, IReadOnlyList<Unit> gone)
    {
        if (IsInReach(config, recipe, gone))
        {
            return;
        }

        long most = Most(config, recipe, gone);
        double share = (double)most / ParameterCounter.Count(config).Prunable;
        string shapes = recipe.Profile is { } profile ? $" with profile {ProfileRule.Of(profile).Name}" : "";
        string depth = gone.Count > 0 ? " behind all blocks or sub-layers that may go" : "";
        throw new PruningException(
            FormattableString.Invariant($"'width_units' is {recipe.WidthUnits.ToString().ToLowerInvariant()}, which hold {most:N0} parameters that may go{shapes}{depth}, ")
            + FormattableString.Invariant($"expected at least {PlanTarget.PrunableToRemove(config, recipe.Sparsity):N0} for a sparsity of {recipe.Sparsity}. ")
            + FormattableString.Invariant($"Lower it to {Math.Floor(share * 100) / 100} or less."));
    }

    /// <summary>Prunable parameters of the units that are gone and of all width units that may go beside them.</summary>
    private static long Most(ModelConfig config, Recipe recipe, IReadOnlyList<Unit> gone)
    {
        var shapes = new ShapeRules(config, recipe.Profile, recipe.RoundTo, recipe.AddsBiases);
        ModelConfig left = gone.Count == 0 ? config : config.Select(SelectionBuilder.Without(config, gone));
        long removable = SubLayerUnits.Of(left, recipe.WidthUnits).Sum(units =>
            shapes.Of(units.SubLayer, left.Blocks[units.Block]).RemovableFrom(units.Count, units.Count) * units.UnitParameters);
        return ParameterCounter.Count(config).Prunable - ParameterCounter.Count(left).Prunable + removable;
    }
}
