namespace Niwaki.Evaluation.Tasks;

/// <summary>The accuracy over the tasks of a group, every document alike.</summary>
/// <param name="Name">Name of the group.</param>
/// <param name="Tasks">Names of its tasks.</param>
/// <param name="Accuracy">The mean weighted by documents, with an error from the pooled variance.</param>
public sealed record TaskGroupResult(string Name, IReadOnlyList<string> Tasks, TaskMetric Accuracy)
{
    /// <summary>Version of the groups in the harness.</summary>
    public const string Version = "2";

    /// <summary>The groups of mmlu of which there are results of every subject: a part of one would have its name and another meaning.</summary>
    /// <param name="results">Results of tasks.</param>
    public static IReadOnlyList<TaskGroupResult> Of(IReadOnlyList<TaskResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        TaskResult[] MembersOf(IReadOnlyList<TaskDefinition> tasks) => [.. results.Where(result => tasks.Any(task => task.Name == result.Task.Name))];
        return
        [
            .. MmluSubjects.Groups
                .Select(name => (name, tasks: HarnessTasks.Find(name)))
                .Select(group => (group.name, group.tasks, members: MembersOf(group.tasks)))
                .Where(group => group.members.Length == group.tasks.Count)
                .Select(group => new TaskGroupResult(group.name, [.. group.members.Select(member => member.Task.Name)], Pooled(group.members))),
        ];
    }

    /// <summary>Squared error: Σ (nᵢ − 1) nᵢ eᵢ² over Σ nᵢ less the number of tasks, over Σ nᵢ.</summary>
    private static TaskMetric Pooled(TaskResult[] members)
    {
        double documents = members.Sum(member => member.Samples.Count);
        double mean = members.Sum(member => member.Find("acc")!.Value * member.Samples.Count) / documents;
        double squares = members.Sum(member => (member.Samples.Count - 1.0) * member.Samples.Count * Math.Pow(member.Find("acc")!.Error ?? 0, 2));
        double? error = documents > members.Length ? Math.Sqrt(squares / (documents - members.Length) / documents) : null;
        return new TaskMetric("acc", TaskMetric.NoFilter, mean, error);
    }
}
