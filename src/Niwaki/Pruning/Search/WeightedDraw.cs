using Niwaki.Numerics;

namespace Niwaki.Pruning.Search;

/// <summary>Draws without replacement where some items are likelier than others.</summary>
public static class WeightedDraw
{
    /// <summary>Draws items one after another, each with a probability proportional to its weight among those left.</summary>
    /// <remarks>
    /// The items with the largest keys ln(u)/w for uniform u have that very distribution (Efraimidis and Spirakis, 2006).
    /// Where fewer items than wanted have a weight above 0, the rest is drawn evenly from the others.
    /// </remarks>
    /// <param name="weights">Weight of each item; values that are not above 0, NaN included, count as 0.</param>
    /// <param name="count">Items to draw, at most all.</param>
    /// <param name="random">Source of randomness; one number for every item is taken.</param>
    /// <returns>Indices of the items drawn, ascending.</returns>
    /// <exception cref="ArgumentOutOfRangeException">More items are wanted than there are.</exception>
    public static int[] Draw(IReadOnlyList<double> weights, int count, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, weights.Count);
        return [.. Order(weights, random).Take(count).Order()];
    }

    /// <summary>The order in which all items would be drawn, one after another as by <see cref="Draw"/>.</summary>
    /// <param name="weights">Weight of each item; values that are not above 0, NaN included, count as 0.</param>
    /// <param name="random">Source of randomness; one number for every item is taken.</param>
    /// <returns>Indices of all items, the first drawn first.</returns>
    public static IEnumerable<int> Order(IReadOnlyList<double> weights, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(random);
        var keys = new (bool Weighted, double Key)[weights.Count];
        for (int i = 0; i < keys.Length; i++)
        {
            double logarithm = Math.Log(1 - random.NextDouble());
            keys[i] = weights[i] > 0 ? (true, logarithm / weights[i]) : (false, logarithm);
        }

        return Enumerable.Range(0, keys.Length)
            .OrderByDescending(i => keys[i].Weighted).ThenByDescending(i => keys[i].Key).ThenBy(i => i);
    }
}
