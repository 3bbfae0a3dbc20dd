using Niwaki.Numerics;

namespace Niwaki.Tests.Kernels;

/// <summary>Gradients by central differences of a float64 function: what every hand-written gradient must equal.</summary>
internal static class CentralDifference
{
    /// <summary>The error of a difference is about Step² · f‴ / 6 and 1e-16 · f / Step: both near 1e-10 for the functions of these tests.</summary>
    private const double Step = 1e-5;

    /// <summary>Compares a float32 gradient with differences at some places: 1e-3 of the element, or 2e-5 of the largest one, or 1e-6 where all are 0.</summary>
    /// <param name="function">Reads the point, which is changed under it.</param>
    /// <param name="point">Where; the same values afterwards.</param>
    /// <param name="gradient">What to check, one element for each of the point.</param>
    /// <param name="what">Name in messages.</param>
    /// <param name="places">Most elements checked, drawn at random.</param>
    public static void Assert(Func<double> function, double[] point, ReadOnlySpan<float> gradient, string what, int places = 400)
    {
        Xunit.Assert.Equal(point.Length, gradient.Length);
        int[] order = [.. Enumerable.Range(0, point.Length)];
        new SeededRandom(point.Length).Shuffle(order.AsSpan());
        var expected = new List<(int Index, double Value)>();
        foreach (int index in order.Take(places))
        {
            expected.Add((index, At(function, point, index)));
        }

        double largest = expected.Count == 0 ? 0 : expected.Max(e => Math.Abs(e.Value));
        foreach ((int index, double value) in expected)
        {
            double error = Math.Abs(gradient[index] - value);
            Xunit.Assert.True(
                error <= (1e-3 * Math.Abs(value)) + (2e-5 * largest) + 1e-6, $"{what}: element {index} is {gradient[index]}, expected {value} (largest {largest}).");
        }
    }

    /// <summary>The derivative along one element.</summary>
    public static double At(Func<double> function, double[] point, int index)
    {
        double value = point[index];
        point[index] = value + Step;
        double above = function();
        point[index] = value - Step;
        double below = function();
        point[index] = value;
        return (above - below) / (2 * Step);
    }

    /// <summary>Values widened.</summary>
    public static double[] Widen(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i];
        }

        return wide;
    }

    /// <summary>The values of a matrix, row by row, widened.</summary>
    public static double[] Widen(GuardedMatrix matrix) => Widen(matrix.ToArray());

    /// <summary>Σ a[i] · b[i]: a loss whose gradient with respect to a is b.</summary>
    public static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
