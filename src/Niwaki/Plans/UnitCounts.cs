namespace Niwaki.Plans;

/// <summary>How many units of a sub-layer may stay when some go.</summary>
/// <param name="Multiple">What stays is a multiple of this, 1 or more.</param>
/// <param name="DivisorOf">What stays divides this; null: it need not divide anything.</param>
/// <param name="MayVanish">Whether nothing may stay.</param>
public readonly record struct UnitCounts(int Multiple, int? DivisorOf = null, bool MayVanish = true)
{
    /// <summary>Whether a number may stay.</summary>
    /// <param name="count">Units, 0 or more.</param>
    public bool Allows(int count) => count == 0 ? MayVanish : count % Multiple == 0 && (DivisorOf is not { } whole || whole % count == 0);

    /// <summary>The largest number below another that may stay; null: there is none.</summary>
    /// <param name="count">Units that are there.</param>
    public int? Below(int count)
    {
        for (int left = count - 1; left >= 0; left--)
        {
            if (Allows(left))
            {
                return left;
            }
        }

        return null;
    }

    /// <summary>Every number below another that may stay, the largest first.</summary>
    /// <param name="count">Units that are there.</param>
    public IEnumerable<int> AllBelow(int count)
    {
        for (int? left = Below(count); left is { } value; left = Below(value))
        {
            yield return value;
        }
    }

    /// <summary>The smallest number of units, at least so many, whose removal leaves a number that may stay; the largest such number where none is large enough.</summary>
    /// <param name="count">Units that are there.</param>
    /// <param name="atLeast">Units that should go.</param>
    public int RemovableFrom(int count, int atLeast)
    {
        int removable = 0;
        foreach (int left in AllBelow(count))
        {
            removable = count - left;
            if (removable >= atLeast)
            {
                break;
            }
        }

        return removable;
    }
}
