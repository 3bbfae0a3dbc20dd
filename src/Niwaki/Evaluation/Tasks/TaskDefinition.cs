using Niwaki.Datasets.Benchmarks;

namespace Niwaki.Evaluation.Tasks;

/// <summary>A task by its name in lm-evaluation-harness: data set, prompts and metrics.</summary>
public sealed record TaskDefinition
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the task in the harness.</summary>
    public required string Version { get; init; }

    /// <summary>What is asked.</summary>
    public required TaskOutput Output { get; init; }

    /// <summary>Metrics, in the order shown.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }

    /// <summary>Name of the data set on the hub.</summary>
    public required string DatasetPath { get; init; }

    /// <summary>Name of its configuration there; null: it has one.</summary>
    public string? DatasetName { get; init; }

    /// <summary>Part to train on; null: the harness names none.</summary>
    public string? TrainingSplit { get; init; }

    /// <summary>Part to validate on.</summary>
    public string? ValidationSplit { get; init; }

    /// <summary>Part to test on; measured on where there is one, else the validation part is.</summary>
    public string? TestSplit { get; init; }

    /// <summary>Part that examples are taken from; null: the training part, else the validation part, else the test part.</summary>
    public string? FewShotSplit { get; init; }

    /// <summary>Whether the first examples are taken, in their order, for every document; otherwise they are drawn for each.</summary>
    public bool TakesFirstExamples { get; init; }

    /// <summary>Examples where no number is asked for.</summary>
    public int DefaultShots { get; init; }

    /// <summary>Whether it has <see cref="DefaultShots"/> examples whatever is asked for, because its prompt brings examples of its own.</summary>
    public bool HasFixedShots { get; init; }

    /// <summary>Text in front of everything.</summary>
    public string Description { get; init; } = "";

    /// <summary>A data set of many subjects that the task is one of; null: none.</summary>
    public string? Group { get; init; }

    /// <summary>The subject in it.</summary>
    public string? Subject { get; init; }

    /// <summary>Columns of .csv files that have no line of names; null: they have one.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Turns a row into requests.</summary>
    public required Func<TableRow, TaskItem> Read { get; init; }

    /// <summary>The part that is measured on.</summary>
    public string EvaluatedSplit => TestSplit ?? ValidationSplit!;

    /// <summary>The part that examples come from.</summary>
    public string ExampleSplit => FewShotSplit ?? TrainingSplit ?? ValidationSplit ?? TestSplit!;

    /// <summary>
    /// Whether one example more is drawn, so that the document itself can be left out. The harness does so where the part of the examples is that of the test as
    /// its settings name them, also where they name neither.
    /// </summary>
    public bool DrawsOneMore => FewShotSplit == TestSplit;

    /// <summary>Examples in front of every document.</summary>
    /// <param name="asked">The number that is asked for; null: none is.</param>
    public int Shots(int? asked) => HasFixedShots ? DefaultShots : asked ?? DefaultShots;

    /// <summary>Where its data is.</summary>
    /// <param name="split">Part.</param>
    public BenchmarkSplit Source(string split) =>
        new(Name, split, split == EvaluatedSplit) { Group = Group, Subject = Subject, Columns = Columns, HubDataset = DatasetPath, HubConfiguration = DatasetName ?? "default" };
}
