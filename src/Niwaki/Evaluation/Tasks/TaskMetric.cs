namespace Niwaki.Evaluation.Tasks;

/// <summary>A figure of a task.</summary>
/// <param name="Name">Name of the metric, such as <c>acc_norm</c>.</param>
/// <param name="Filter">What was done to the answers before: <c>none</c> in most tasks.</param>
/// <param name="Value">The figure.</param>
/// <param name="Error">Its standard error; null for a single document.</param>
/// <param name="HigherIsBetter">Whether more is better.</param>
public sealed record TaskMetric(string Name, string Filter, double Value, double? Error, bool HigherIsBetter = true)
{
    /// <summary>Filter of tasks that filter nothing.</summary>
    public const string NoFilter = "none";

    /// <summary>The mean of one value for each document, with standard deviation (n − 1) over √n.</summary>
    /// <param name="name">Name of the metric.</param>
    /// <param name="filter">Name of the filter.</param>
    /// <param name="values">One value or more.</param>
    internal static TaskMetric MeanOf(string name, string filter, IReadOnlyList<double> values)
    {
        double mean = values.Average();
        double? error = values.Count < 2
            ? null
            : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
        return new TaskMetric(name, filter, mean, error);
    }
}
