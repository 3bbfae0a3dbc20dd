namespace Niwaki.Pruning.Search;

/// <summary>Linear regression with a quadratic penalty, in closed form.</summary>
/// <remarks>
/// β = argmin (1/n) Σ_k (y_k − ȳ − (x_k − x̄)·β)² + γ‖β‖², solved in its dual form β = Xᶜᵀ (Xᶜ Xᶜᵀ + nγI)⁻¹ yᶜ, which costs a system of
/// n equations however many features there are: sub-models are few (n ≈ 100), units are many (N ≈ 10⁵). Arithmetic in float64.
/// Source: arXiv 2402.05406, equation of the estimator (ridge form).
/// </remarks>
public static class RidgeRegression
{
    /// <summary>Fits the coefficients.</summary>
    /// <param name="features">X, [n][features]: 1 where a unit was present, 0 where it was switched off.</param>
    /// <param name="targets">y, [n], finite.</param>
    /// <param name="penalty">γ, above 0, per observation and relative to the mean variance of a feature's column.</param>
    /// <returns>β, [features]; all 0 where the targets or the features are constant.</returns>
    /// <exception cref="ArgumentException">There is no observation, lengths differ, or a target is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The penalty is not above 0.</exception>
    public static double[] Fit(IReadOnlyList<bool[]> features, IReadOnlyList<double> targets, double penalty)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        if (features.Count == 0 || features.Count != targets.Count)
        {
            throw new ArgumentException($"{features.Count} observations with {targets.Count} targets, expected equal numbers of at least 1.", nameof(targets));
        }

        if (targets.FirstOrDefault(y => !double.IsFinite(y), 0) is var wrong && !double.IsFinite(wrong))
        {
            throw new ArgumentException($"A target is {wrong}, expected a finite number.", nameof(targets));
        }

        if (!(penalty > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(penalty), penalty, $"Penalty is {penalty}, expected a number above 0.");
        }

        double mean = targets.Average();
        double[][] centred = Centre(features);
        double[,] gram = Gram(centred);
        double trace = Enumerable.Range(0, centred.Length).Sum(i => gram[i, i]);
        if (trace == 0)
        {
            return new double[features[0].Length];
        }

        // The mean diagonal element makes the penalty free of the number of features.
        double ridge = penalty * trace / centred.Length;
        for (int i = 0; i < centred.Length; i++)
        {
            gram[i, i] += ridge;
        }

        double[] weights = [.. targets.Select(y => y - mean)];
        SolveInPlace(gram, weights);
        double[] coefficients = new double[features[0].Length];
        for (int k = 0; k < centred.Length; k++)
        {
            for (int j = 0; j < coefficients.Length; j++)
            {
                coefficients[j] += centred[k][j] * weights[k];
            }
        }

        return coefficients;
    }

    private static double[][] Centre(IReadOnlyList<bool[]> features)
    {
        int width = features[0].Length;
        double[] means = new double[width];
        foreach (bool[] row in features)
        {
            if (row.Length != width)
            {
                throw new ArgumentException($"An observation has {row.Length} features, expected {width} as the first.", nameof(features));
            }

            for (int j = 0; j < width; j++)
            {
                means[j] += row[j] ? 1.0 / features.Count : 0;
            }
        }

        return [.. features.Select(row => row.Select((present, j) => (present ? 1 : 0) - means[j]).ToArray())];
    }

    private static double[,] Gram(double[][] rows)
    {
        double[,] gram = new double[rows.Length, rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = 0;
                for (int k = 0; k < rows[i].Length; k++)
                {
                    sum += rows[i][k] * rows[j][k];
                }

                gram[i, j] = gram[j, i] = sum;
            }
        }

        return gram;
    }

    /// <summary>Solves A x = b for a symmetric positive definite A by Cholesky; A and b are overwritten, b by x.</summary>
    private static void SolveInPlace(double[,] a, double[] b)
    {
        int n = b.Length;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = a[i, j];
                for (int k = 0; k < j; k++)
                {
                    sum -= a[i, k] * a[j, k];
                }

                a[i, j] = i == j ? Math.Sqrt(sum) : sum / a[j, j];
            }
        }

        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
            {
                b[i] -= a[i, k] * b[k];
            }

            b[i] /= a[i, i];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                b[i] -= a[k, i] * b[k];
            }

            b[i] /= a[i, i];
        }
    }
}
