namespace Niwaki.Evaluation.Speed;

/// <summary>A figure that was measured several times.</summary>
/// <param name="Median">Median of the runs.</param>
/// <param name="Low">Lowest.</param>
/// <param name="High">Highest.</param>
public sealed record Spread(double Median, double Low, double High)
{
    /// <summary>The spread of some values.</summary>
    /// <param name="values">One or more.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("Values are 0, expected one or more.", nameof(values));
        }

        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
