using Niwaki.Datasets.Benchmarks;

namespace Niwaki.Evaluation.Tasks;

/// <summary>A document of a task, turned into requests.</summary>
/// <param name="Document">The row.</param>
/// <param name="Prompts">Its requests.</param>
/// <param name="Example">How it stands in front of other documents as an example, answer and empty line included.</param>
/// <param name="Target">The right answer as text.</param>
public sealed record TaskItem(TableRow Document, IReadOnlyList<TaskPrompt> Prompts, string Example, string Target)
{
    /// <summary>The answers to choose from, without the blank in front: what lengths are taken of.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Index of the right answer.</summary>
    public int Gold { get; init; }

    /// <summary>Whether each answer is true, where several are.</summary>
    public IReadOnlyList<bool> Truth { get; init; } = [];
}
