using Niwaki.Datasets.Benchmarks;

namespace Niwaki.Evaluation.Tasks;

/// <summary>A document of a task, turned into requests.</summary>
/// <param name="Document">The row.</param>
/// <param name="Prompts">Its requests.</param>
/// <param name="Example">What it is in front of other documents.</param>
public sealed record TaskItem(TableRow Document, IReadOnlyList<TaskPrompt> Prompts, TaskExample Example)
{
    /// <summary>The right answer as text.</summary>
    public string Target => Example.Answer;

    /// <summary>The answers to choose from, without the blank in front: what lengths are taken of.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Index of the right answer.</summary>
    public int Gold { get; init; }

    /// <summary>Whether each answer is true, where several are.</summary>
    public IReadOnlyList<bool> Truth { get; init; } = [];
}
