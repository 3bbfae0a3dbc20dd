namespace Niwaki.Datasets.Benchmarks;

/// <summary>A part of a data set in a folder.</summary>
/// <param name="Task">Name of the task that wants it, the first part of a file's name.</param>
/// <param name="Split">Name of the part: <c>train</c>, <c>validation</c>, <c>test</c>, <c>dev</c>.</param>
/// <param name="IsEvaluated">Whether it is the part that is measured on: its file may be named like the task alone.</param>
public sealed record BenchmarkSplit(string Task, string Split, bool IsEvaluated)
{
    /// <summary>A data set of many subjects, one file each; null: the task has a data set of its own.</summary>
    public string? Group { get; init; }

    /// <summary>The subject in it.</summary>
    public string? Subject { get; init; }

    /// <summary>Name of the data set on the hub; null: it is not there.</summary>
    public string? HubDataset { get; init; }

    /// <summary>Its configuration there.</summary>
    public string HubConfiguration { get; init; } = "default";

    /// <summary>Columns of its .csv files, which have no line of names; null: they have one.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
}
