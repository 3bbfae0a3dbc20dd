namespace Niwaki.Pruning.Search;

/// <summary>Shrinks measured effects of the groups of one sub-layer to what their prior says.</summary>
/// <remarks>
/// Effect Δ_g ~ N(c·D_g, τ²·D_g) with D the prior of the group, measured with noise N(0, v·D_g): c = ΣΔ / ΣD is the weighted least-squares scale of
/// the sub-layer, v follows from the difference of two halves of each measurement, τ² is what the scatter around c·D holds beyond v
/// (empirical Bayes, moments). The posterior mean is (τ²·Δ + v·c·D) / (τ² + v).
/// </remarks>
internal static class GroupPosterior
{
    /// <summary>Posterior means.</summary>
    /// <param name="halves">Effect of each group on either half of its windows; +∞ where there is no number, which says nothing about other groups.</param>
    /// <param name="prior">D of each group, 0 or more.</param>
    /// <returns>Mean of each group; the measured ones where fewer than three groups have a prior above 0 and a number, +∞ where there is none.</returns>
    public static double[] Means(IReadOnlyList<(double First, double Second)> halves, IReadOnlyList<double> prior)
    {
        ArgumentNullException.ThrowIfNull(halves);
        ArgumentNullException.ThrowIfNull(prior);
        double[] measured = [.. halves.Select(half => (half.First + half.Second) / 2)];
        int[] numbers = [.. Enumerable.Range(0, prior.Count).Where(g => double.IsFinite(measured[g]))];
        int[] informed = [.. numbers.Where(g => prior[g] > 0)];
        if (informed.Length < 3)
        {
            return measured;
        }

        double scale = numbers.Sum(g => measured[g]) / numbers.Sum(g => prior[g]);
        double noise = informed.Average(g => Math.Pow(halves[g].First - halves[g].Second, 2) / (4 * prior[g]));
        double scatter = informed.Average(g => Math.Pow(measured[g] - (scale * prior[g]), 2) / prior[g]);
        double spread = Math.Max(0, scatter - noise);
        double trust = scatter > 0 ? spread / Math.Max(scatter, noise) : 0;
        return [.. measured.Select((effect, g) => double.IsFinite(effect) ? (trust * effect) + ((1 - trust) * scale * prior[g]) : effect)];
    }
}
