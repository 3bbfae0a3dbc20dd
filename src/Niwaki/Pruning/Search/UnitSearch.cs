using Niwaki.Plans;

namespace Niwaki.Pruning.Search;

/// <summary>Finds sets of blocks or sub-layers whose removal costs little, judging whole models.</summary>
/// <param name="judge">Tells the value of a model without some units.</param>
/// <param name="candidates">Units that may go.</param>
/// <param name="size">Cost of a unit for choosing between units of different sizes: its value is then taken per size; null: all count the same.</param>
internal sealed class UnitSearch(RemovalJudge judge, IReadOnlyList<Unit> candidates, Func<Unit, double>? size = null)
{
    /// <summary>Removes one unit after another, each time the one without which the model is worth most.</summary>
    /// <param name="isEnough">Whether a set of units is the last.</param>
    /// <returns>The sets after one, two, … removals; ends early where every candidate is gone.</returns>
    public IEnumerable<UnitSet> Greedy(Func<IReadOnlyList<Unit>, bool> isEnough)
    {
        var current = new UnitSet([], size is null ? 0 : judge.Dense());
        while (current.Units.Count < candidates.Count && !isEnough(current.Units))
        {
            Unit[] left = [.. candidates.Except(current.Units)];
            double[] values = judge.Try(current.Units, left);
            double before = current.Value;
            int best = Enumerable.Range(0, left.Length)
                .MinBy(i => (size is null ? values[i] : (values[i] - before) / size(left[i]), values[i], i));
            current = new UnitSet([.. current.Units, left[best]], values[best]);
            yield return current;
        }
    }

    /// <summary>Exchanges a removed unit for another one as long as the model is worth more for it.</summary>
    /// <param name="start">Where to start.</param>
    /// <param name="isAllowed">Whether a set may be taken.</param>
    /// <returns>A set that no exchange of one unit improves.</returns>
    public UnitSet Swap(UnitSet start, Func<IReadOnlyList<Unit>, bool> isAllowed)
    {
        UnitSet current = start;
        int unchanged = 0;
        for (int place = 0; unchanged < current.Units.Count; place = (place + 1) % current.Units.Count)
        {
            UnitSet? better = Exchange(current, place, isAllowed);
            unchanged = better is null ? unchanged + 1 : 1;
            current = better ?? current;
        }

        return current;
    }

    /// <summary>The best set with another unit in one place; null where none is better.</summary>
    private UnitSet? Exchange(UnitSet current, int place, Func<IReadOnlyList<Unit>, bool> isAllowed)
    {
        Unit[] others = [.. current.Units.Where((_, i) => i != place)];
        Unit[] left = [.. candidates.Except(current.Units).Where(unit => isAllowed([.. others, unit]))];
        if (left.Length == 0)
        {
            return null;
        }

        double[] values = judge.Try(others, left);
        int best = Enumerable.Range(0, left.Length).MinBy(i => (values[i], i));
        return values[best] < current.Value ? current with { Units = [.. current.Units.Select((unit, i) => i == place ? left[best] : unit)], Value = values[best] } : null;
    }
}
