namespace Niwaki.Evaluation;

/// <summary>A mean over values of which those of one cluster may depend on each other, with its standard error.</summary>
/// <remarks>
/// With sums sᵢ over nᵢ values, r = Σ sᵢ / Σ nᵢ, and the squared error of r is k / (k − 1) · Σ (sᵢ − r nᵢ)² / (Σ nᵢ)² (Cochran, 1977, section 6.3). For clusters
/// of equal size that is the unbiased variance of their means over their number k, for clusters of one value the usual standard error of a mean.
/// </remarks>
internal sealed class ClusteredMean
{
    private readonly List<(double Sum, long Count)> _clusters = [];

    /// <summary>Σ of all values.</summary>
    public double Sum { get; private set; }

    /// <summary>Values.</summary>
    public long Count { get; private set; }

    /// <summary>Mean of all values.</summary>
    public double Mean => Sum / Count;

    /// <summary>Adds a cluster.</summary>
    public void Add(double sum, long count)
    {
        _clusters.Add((sum, count));
        Sum += sum;
        Count += count;
    }

    /// <summary>The standard error; null for fewer than two clusters.</summary>
    public double? Error()
    {
        if (_clusters.Count < 2)
        {
            return null;
        }

        double mean = Mean;
        double squares = _clusters.Sum(cluster => (cluster.Sum - (mean * cluster.Count)) * (cluster.Sum - (mean * cluster.Count)));
        return Math.Sqrt(squares * _clusters.Count / (_clusters.Count - 1)) / Count;
    }
}
