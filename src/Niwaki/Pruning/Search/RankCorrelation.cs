namespace Niwaki.Pruning.Search;

/// <summary>Spearman's rank correlation; equal values share their mean rank.</summary>
internal static class RankCorrelation
{
    /// <summary>The correlation of two lists of one length.</summary>
    /// <returns>−1 to 1; 0 where one of the lists is constant or empty.</returns>
    public static double Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double[] a = Ranks(x);
        double[] b = Ranks(y);
        double centre = (a.Length - 1) / 2.0;
        double product = a.Zip(b, (p, q) => (p - centre) * (q - centre)).Sum();
        double squares = a.Sum(p => (p - centre) * (p - centre)) * b.Sum(q => (q - centre) * (q - centre));
        return squares > 0 ? product / Math.Sqrt(squares) : 0;
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        double[] ranks = new double[values.Count];
        for (int first = 0; first < order.Length;)
        {
            int end = first + 1;
            while (end < order.Length && values[order[end]] == values[order[first]])
            {
                end++;
            }

            for (int i = first; i < end; i++)
            {
                ranks[order[i]] = (first + end - 1) / 2.0;
            }

            first = end;
        }

        return ranks;
    }
}
