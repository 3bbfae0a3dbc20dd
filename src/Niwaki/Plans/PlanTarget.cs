using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>The smallest reduction that reaches a target sparsity.</summary>
public static class PlanTarget
{
    // 0.07 of 100 is a little more than 7 in float64, and rounding that up would make it 8. Small enough not to matter up to 10^12 parameters.
    private const double RoundingError = 1e-12;

    /// <summary>Prunable parameters that must go for a sparsity: ⌈sparsity · prunable⌉.</summary>
    /// <param name="source">The model.</param>
    /// <param name="sparsity">Share of the prunable parameters, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sparsity is no number from 0 to 1.</exception>
    public static long PrunableToRemove(ModelConfig source, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(source);
        ThrowIfInvalid(sparsity);

        return (long)Math.Ceiling(sparsity * ParameterCounter.Count(source).Prunable * (1 - RoundingError));
    }

    /// <summary>Removes units until the target is reached, then takes back every removal that turns out not to be needed.</summary>
    /// <remarks>
    /// Units go from the least important one on. Large units overshoot, so afterwards, from the most important removed unit back, each is
    /// restored if the target is still reached without it. Then none of them can be restored any more. What was removed from the builder
    /// before counts and stays removed.
    /// </remarks>
    /// <param name="builder">Changed to reach the target; unchanged after an error.</param>
    /// <param name="leastImportantFirst">Units that may go, each at most once.</param>
    /// <param name="sparsity">Share of the prunable parameters of the source, 0 to 1.</param>
    /// <returns>The units removed, in the order of the list.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The sparsity is no number from 0 to 1, or the model has no unit of the list.</exception>
    /// <exception cref="ArgumentException">All units together do not reach the target.</exception>
    public static IReadOnlyList<Unit> Reach(SelectionBuilder builder, IEnumerable<Unit> leastImportantFirst, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(leastImportantFirst);
        long target = PrunableToRemove(builder.Source, sparsity);
        var removed = new List<Unit>();
        try
        {
            RemoveUntil(builder, target, leastImportantFirst, removed);
        }
        catch (ArgumentException)
        {
            removed.ForEach(unit => builder.Restore(unit));
            throw;
        }

        var needed = new List<Unit>();
        foreach (Unit unit in Enumerable.Reverse(removed))
        {
            builder.Restore(unit);
            if (builder.RemovedPrunable < target)
            {
                builder.Remove(unit);
                needed.Add(unit);
            }
        }

        needed.Reverse();
        return needed;
    }

    /// <summary>Refuses a sparsity that is no share.</summary>
    internal static void ThrowIfInvalid(double sparsity)
    {
        if (!(sparsity is >= 0 and <= 1))
        {
            string hint = sparsity is > 1 and <= 100 ? FormattableString.Invariant($" Did you mean {sparsity / 100}?") : "";
            throw new ArgumentOutOfRangeException(
                nameof(sparsity), sparsity, FormattableString.Invariant($"Sparsity is {sparsity}, expected a fraction between 0 and 1.{hint}"));
        }
    }

    private static void RemoveUntil(SelectionBuilder builder, long target, IEnumerable<Unit> units, List<Unit> removed)
    {
        foreach (Unit unit in units)
        {
            if (builder.RemovedPrunable >= target)
            {
                return;
            }

            if (builder.Remove(unit))
            {
                removed.Add(unit);
            }
        }

        if (builder.RemovedPrunable < target)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The units that may go and what is gone hold {builder.RemovedPrunable:N0} prunable parameters, ")
                + FormattableString.Invariant($"expected at least {target:N0}. Allow more units or lower the sparsity."),
                nameof(units));
        }
    }
}
