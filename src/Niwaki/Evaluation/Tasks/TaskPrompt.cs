namespace Niwaki.Evaluation.Tasks;

/// <summary>One request about a document, as text.</summary>
/// <param name="Context">What stands in front: of a <see cref="TaskItem"/> the question alone, of a <see cref="TaskSample"/> everything.</param>
/// <param name="Continuation">What is scored behind it, with the blank in front where there is one; empty where the model writes.</param>
public sealed record TaskPrompt(string Context, string Continuation);
