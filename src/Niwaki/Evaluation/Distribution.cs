namespace Niwaki.Evaluation;

/// <summary>How values of many tokens are spread.</summary>
/// <param name="Mean">Mean, with the standard error of independent values.</param>
/// <param name="Percentiles">Share in per cent and the value below which that share lies, from 100 (the largest) down to 0; between two values it is interpolated.</param>
public sealed record Distribution(ValueWithError Mean, IReadOnlyList<(double Percent, double Value)> Percentiles)
{
    private static readonly double[] Shown = [100, 99.9, 99, 95, 90, 75, 50, 25, 10, 5, 1, 0.1, 0];

    /// <summary>The median.</summary>
    public double Median => At(50);

    /// <summary>The largest value.</summary>
    public double Largest => At(100);

    /// <summary>The smallest value.</summary>
    public double Smallest => At(0);

    /// <summary>One of the percentiles.</summary>
    /// <param name="percent">Share in per cent, one of those that the distribution holds.</param>
    public double At(double percent) => Percentiles.First(entry => entry.Percent == percent).Value;

    /// <summary>Describes values.</summary>
    /// <param name="values">One value or more.</param>
    internal static Distribution Of(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Distribution(MeanOf(values), [.. Shown.Select(percent => (percent, At(sorted, percent / 100)))]);
    }

    /// <summary>Mean and standard error of independent values: root of the variance over the number less one, as llama.cpp has it.</summary>
    internal static ValueWithError MeanOf(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return new ValueWithError(mean, Math.Sqrt(Covariance(values, values)));
    }

    /// <summary>Covariance of the means of two lists of values that belong together in pairs.</summary>
    internal static double Covariance(IReadOnlyCollection<double> first, IReadOnlyCollection<double> second)
    {
        if (first.Count < 2)
        {
            return double.NaN;
        }

        double firstMean = first.Average(), secondMean = second.Average();
        return first.Zip(second, (a, b) => (a - firstMean) * (b - secondMean)).Sum() / first.Count / (first.Count - 1);
    }

    private static double At(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return ((1 - (place - below)) * sorted[below]) + ((place - below) * sorted[above]);
    }
}
