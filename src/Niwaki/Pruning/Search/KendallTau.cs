namespace Niwaki.Pruning.Search;

/// <summary>Kendall's rank correlation with ties (τ-b).</summary>
/// <remarks>(concordant − discordant) / √((pairs − ties in x)(pairs − ties in y)); every pair is looked at.</remarks>
public static class KendallTau
{
    /// <summary>The correlation of two lists.</summary>
    /// <param name="x">Values, finite.</param>
    /// <param name="y">As many values, finite.</param>
    /// <returns>−1 to 1; 0 where one of the lists is constant or shorter than 2, for then nothing is ranked.</returns>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static double Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count)
        {
            throw new ArgumentException($"{x.Count} values against {y.Count}, expected equal numbers.", nameof(y));
        }

        long difference = 0;
        long rankedInX = 0;
        long rankedInY = 0;
        for (int i = 1; i < x.Count; i++)
        {
            for (int k = 0; k < i; k++)
            {
                int inX = x[i].CompareTo(x[k]);
                int inY = y[i].CompareTo(y[k]);
                difference += inX * inY;
                rankedInX += Math.Abs(inX);
                rankedInY += Math.Abs(inY);
            }
        }

        return rankedInX == 0 || rankedInY == 0 ? 0 : difference / (Math.Sqrt(rankedInX) * Math.Sqrt(rankedInY));
    }
}
