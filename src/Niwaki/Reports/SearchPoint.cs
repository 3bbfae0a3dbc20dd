namespace Niwaki.Reports;

/// <summary>Values of the sub-models that a search tried at about one sparsity, on the calibration text.</summary>
/// <param name="Sparsity">Share of the prunable parameters that is gone, 0 to 1.</param>
/// <param name="Low">Lowest value, in nats per token.</param>
/// <param name="Median">Median.</param>
/// <param name="High">Highest value.</param>
/// <param name="Count">Sub-models.</param>
public sealed record SearchPoint(double Sparsity, double Low, double Median, double High, int Count)
{
    /// <summary>The point of some values, of which those that are not finite are left out.</summary>
    /// <param name="sparsity">Share that is gone.</param>
    /// <param name="values">Values of sub-models.</param>
    /// <returns>The point; null where no value is finite.</returns>
    public static SearchPoint? Of(double sparsity, IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? null : new SearchPoint(sparsity, sorted[0], sorted[sorted.Length / 2], sorted[^1], sorted.Length);
    }
}
