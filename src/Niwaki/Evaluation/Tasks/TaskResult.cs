namespace Niwaki.Evaluation.Tasks;

/// <summary>What came of a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Shots">Examples in front of every document.</param>
/// <param name="Documents">Documents of the data.</param>
/// <param name="Samples">Those that were measured on.</param>
/// <param name="Metrics">The figures.</param>
public sealed record TaskResult(TaskDefinition Task, int Shots, int Documents, IReadOnlyList<TaskSample> Samples, IReadOnlyList<TaskMetric> Metrics)
{
    /// <summary>A figure.</summary>
    /// <param name="name">Name of the metric.</param>
    /// <returns>The first of that name, or null.</returns>
    public TaskMetric? Find(string name) => Metrics.FirstOrDefault(metric => metric.Name == name);
}
