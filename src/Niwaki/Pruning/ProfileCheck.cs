using System.Globalization;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning;

/// <summary>Says before a run begins whether its profile fits the model and its target.</summary>
internal static class ProfileCheck
{
    /// <summary>Checks a recipe against a model; a recipe without a profile always fits.</summary>
    /// <param name="recipe">The recipe, valid by itself.</param>
    /// <param name="config">The model.</param>
    /// <param name="notice">Told the nearest targets where the sparsity is not one of them; null: nobody.</param>
    /// <exception cref="PruningException">No pruned form of the model fits the profile, or none is small enough.</exception>
    public static void Check(Recipe recipe, ModelConfig config, Action<string>? notice)
    {
        if (recipe.Profile is not { } profile)
        {
            return;
        }

        var rule = ProfileRule.Of(profile);
        if (rule.FaultOf(config) is { } fault)
        {
            throw new PruningException(fault);
        }

        // What blocks and sub-layers can reach, depth pruning knows by itself, and a width method what one kind of units can.
        bool isDepth = recipe.Method is PruningMethod.Depth && recipe.Depth.Blocks is null && !rule.CutsWidth;
        if ((!isDepth && recipe.Method is PruningMethod.Depth) || recipe.Method is PruningMethod.DepthWidth || recipe.WidthUnits != WidthUnits.All)
        {
            return;
        }

        var near = LegalTargets.Near(config, new ShapeRules(config, recipe.Profile, recipe.RoundTo, recipe.AddsBiases), recipe.Sparsity);
        if (near.Above is not { } above)
        {
            throw new PruningException(
                $"Sparsity is {recipe.Sparsity.ToString(CultureInfo.InvariantCulture)}, expected at most {Share(near, near.Most)} with profile {rule.Name}{RoundTo(recipe)}, where every block that stays keeps both sub-layers. "
                + "Lower the sparsity, or choose another profile.");
        }

        if (Math.Round(near.Share(above), 4) != Math.Round(recipe.Sparsity, 4))
        {
            notice?.Invoke(
                $"A sparsity of {recipe.Sparsity.ToString(CultureInfo.InvariantCulture)} is not possible exactly with profile {rule.Name}{RoundTo(recipe)}: "
                + $"the nearest are {Share(near, near.Below)} and {Share(near, above)}. At least {recipe.Sparsity.ToString(CultureInfo.InvariantCulture)} is removed.");
        }
    }

    private static string Share(LegalTargets near, long parameters) => near.Share(parameters).ToString("0.0000", CultureInfo.InvariantCulture);

    private static string RoundTo(Recipe recipe) =>
        recipe.RoundTo > 1 ? string.Create(CultureInfo.InvariantCulture, $" and widths in multiples of {recipe.RoundTo}") : "";
}
