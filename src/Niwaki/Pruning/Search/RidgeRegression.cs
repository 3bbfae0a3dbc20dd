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

        int[] rows = [.. Enumerable.Range(0, features.Count)];
        return Coefficients(features, new MaskGram(features).Fit(rows, targets, penalty));
    }

    /// <summary>The coefficients of a dual fit: β = Xᶜᵀ α.</summary>
    internal static double[] Coefficients(IReadOnlyList<bool[]> features, DualRidge fit)
    {
        double[] coefficients = new double[features[0].Length];
        double[] present = new double[coefficients.Length];
        for (int i = 0; i < fit.Rows.Count; i++)
        {
            bool[] row = features[fit.Rows[i]];
            for (int j = 0; j < row.Length; j++)
            {
                coefficients[j] += row[j] ? fit.Weights[i] : 0;
                present[j] += row[j] ? 1 : 0;
            }
        }

        double sum = fit.Weights.Sum();
        for (int j = 0; j < coefficients.Length; j++)
        {
            coefficients[j] -= present[j] / fit.Rows.Count * sum;
        }

        return coefficients;
    }
}
