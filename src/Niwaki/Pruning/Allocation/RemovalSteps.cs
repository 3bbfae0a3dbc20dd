using Niwaki.Plans;

namespace Niwaki.Pruning.Allocation;

/// <summary>Cuts ranked units into steps and chooses the steps that reach a target.</summary>
public static class RemovalSteps
{
    /// <summary>Cuts the units of one sub-layer, the least important first, into steps after each of which as many units are left as may stay.</summary>
    /// <param name="units">The sub-layer.</param>
    /// <param name="ranked">Indices of units that may go, the least important first.</param>
    /// <param name="scores">Importance of each ranked unit, ascending.</param>
    /// <param name="counts">How many units may stay.</param>
    /// <param name="group">Number that marks the sub-layer in the steps.</param>
    /// <returns>Steps in the order in which they must go; units that fill no step are left out.</returns>
    public static IEnumerable<RemovalStep> Cut(SubLayerUnits units, IReadOnlyList<int> ranked, IReadOnlyList<double> scores, UnitCounts counts, int group)
    {
        ArgumentNullException.ThrowIfNull(ranked);
        ArgumentNullException.ThrowIfNull(scores);

        // A width that is no multiple at the start loses its remainder first.
        int first = 0;
        for (int order = 0; counts.Below(units.Count - first) is { } left && units.Count - left <= ranked.Count; order++)
        {
            int size = units.Count - left - first;
            var members = new Unit[size];
            double sum = 0;
            for (int i = 0; i < size; i++)
            {
                members[i] = units[ranked[first + i]];
                sum += scores[first + i];
            }

            yield return new RemovalStep(members, size * units.UnitParameters, sum / size, group, order);
            first += size;
        }
    }

    /// <summary>The order in which steps go: by score; of equal scores the first steps of every group before the second.</summary>
    /// <remarks>Scores inside a group must not fall from one step to the next; then no step goes before an earlier one of its group.</remarks>
    /// <param name="steps">Steps of any groups.</param>
    public static IReadOnlyList<RemovalStep> Order(IEnumerable<RemovalStep> steps) =>
        [.. steps.OrderBy(step => step.Score).ThenBy(step => step.Order).ThenBy(step => step.Group)];

    /// <summary>Joins the steps of all blocks that have the same place in the order of their sub-layer, so that equal blocks stay equal.</summary>
    /// <remarks>The score is the mean; scores inside a sub-layer do not fall, so the means do not either. A place that some block lacks is left out.</remarks>
    /// <param name="steps">Steps of blocks of equal sizes.</param>
    /// <param name="blocks">Blocks.</param>
    /// <returns>Steps of two groups, attention and MLP.</returns>
    public static IEnumerable<RemovalStep> Join(IEnumerable<RemovalStep> steps, int blocks) =>
        from step in steps
        group step by (step.Units[0].Kind, step.Order) into place
        where place.Count() == blocks
        select new RemovalStep(
            [.. place.SelectMany(step => step.Units)],
            place.Sum(step => step.Parameters),
            place.Average(step => step.Score),
            place.Key.Kind == UnitKind.KeyValueGroup ? 0 : 1,
            place.Key.Order);

    /// <summary>The longest beginning of the order that stays within a budget.</summary>
    /// <param name="ordered">Steps in the order in which they go.</param>
    /// <param name="budget">Parameters that may go.</param>
    public static IReadOnlyList<RemovalStep> Within(IReadOnlyList<RemovalStep> ordered, long budget)
    {
        ArgumentNullException.ThrowIfNull(ordered);
        long removed = 0;
        return [.. ordered.TakeWhile(step => (removed += step.Parameters) <= budget)];
    }

    /// <summary>The smallest beginning of the order that reaches a target, without the steps that turn out not to be needed.</summary>
    /// <remarks>The last step may overshoot; then every step that can come back without falling below the target does, the most important first.</remarks>
    /// <param name="ordered">Steps in the order in which they go.</param>
    /// <param name="target">Parameters that must go.</param>
    /// <returns>The steps to remove; all of them, where even they do not reach the target.</returns>
    public static IReadOnlyList<RemovalStep> Reach(IReadOnlyList<RemovalStep> ordered, long target)
    {
        ArgumentNullException.ThrowIfNull(ordered);
        long removed = 0;
        List<RemovalStep> chosen = [];
        foreach (RemovalStep step in ordered)
        {
            if (removed >= target)
            {
                break;
            }

            chosen.Add(step);
            removed += step.Parameters;
        }

        return Needed(chosen, target);
    }

    /// <summary>Leaves out every step without which the target is still reached, from the last one, the most important, back.</summary>
    /// <remarks>A step stays where a later one of its group does: what is left of a width is then still a multiple.</remarks>
    /// <param name="removed">Steps in the order in which they went.</param>
    /// <param name="target">Parameters that must go.</param>
    /// <returns>The steps still to remove, in the same order; all of them, where even they do not reach the target.</returns>
    public static IReadOnlyList<RemovalStep> Needed(IReadOnlyList<RemovalStep> removed, long target)
    {
        ArgumentNullException.ThrowIfNull(removed);
        long parameters = removed.Sum(step => step.Parameters);
        List<RemovalStep> needed = [];
        var laterStepStays = new HashSet<int>();
        for (int i = removed.Count - 1; i >= 0; i--)
        {
            RemovalStep step = removed[i];
            if (parameters - step.Parameters >= target && !laterStepStays.Contains(step.Group))
            {
                parameters -= step.Parameters;
            }
            else
            {
                needed.Add(step);
                laterStepStays.Add(step.Group);
            }
        }

        needed.Reverse();
        return needed;
    }
}
