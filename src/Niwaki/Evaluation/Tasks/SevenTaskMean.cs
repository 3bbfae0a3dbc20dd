namespace Niwaki.Evaluation.Tasks;

/// <summary>The mean over seven common-sense tasks that papers on pruning quote since LLM-Pruner (arXiv 2305.11627).</summary>
/// <param name="Mixed">Mean of <c>acc</c> or <c>acc_norm</c> as <see cref="Mix"/> says, which reproduces their figures.</param>
/// <param name="Accuracy">Mean of <c>acc</c> alone.</param>
public sealed record SevenTaskMean(TaskMetric Mixed, TaskMetric Accuracy)
{
    private static readonly (string Task, string Metric)[] Parts =
    [
        ("boolq", "acc"), ("piqa", "acc"), ("hellaswag", "acc_norm"), ("winogrande", "acc"), ("arc_easy", "acc"), ("arc_challenge", "acc_norm"), ("openbookqa", "acc_norm"),
    ];

    /// <summary>Which metric is taken of which task.</summary>
    public static string Mix { get; } = string.Join(
        "; ", Parts.GroupBy(part => part.Metric).Select(part => $"{part.Key}: {string.Join(", ", part.Select(entry => entry.Task))}"));

    /// <summary>The mean, if there are results of all seven tasks.</summary>
    /// <param name="results">Results of tasks.</param>
    public static SevenTaskMean? Of(IReadOnlyList<TaskResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        TaskResult?[] found = [.. Parts.Select(part => results.FirstOrDefault(result => result.Task.Name == part.Task))];
        return found.Contains(null)
            ? null
            : new SevenTaskMean(
                Mean("mixed", [.. found.Zip(Parts, (result, part) => result!.Find(part.Metric)!)]),
                Mean("acc", [.. found.Select(result => result!.Find("acc")!)]));
    }

    private static TaskMetric Mean(string name, TaskMetric[] metrics) => new(
        name,
        TaskMetric.NoFilter,
        metrics.Average(metric => metric.Value),
        metrics.Any(metric => metric.Error is null) ? null : Math.Sqrt(metrics.Sum(metric => metric.Error!.Value * metric.Error.Value)) / metrics.Length);
}
