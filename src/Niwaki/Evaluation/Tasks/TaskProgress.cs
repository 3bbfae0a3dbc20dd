namespace Niwaki.Evaluation.Tasks;

/// <summary>How far a task is.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="Done">Documents that are done.</param>
/// <param name="Documents">Documents in all.</param>
/// <param name="Tokens">Tokens that passed through the model so far.</param>
public sealed record TaskProgress(string Task, int Done, int Documents, long Tokens);
