namespace Niwaki.Evaluation.Tasks;

/// <summary>One request of a document: what comes behind the examples, and what is scored behind that.</summary>
/// <param name="Question">Text behind the examples.</param>
/// <param name="Continuation">Text that is scored, with the blank in front of it; empty where the model writes.</param>
public sealed record TaskPrompt(string Question, string Continuation);
