namespace Niwaki.Models;

/// <summary>How far the answers to many requests are.</summary>
/// <param name="Done">Requests, or groups of them, that are answered.</param>
/// <param name="Tokens">Tokens that passed through the model so far.</param>
public sealed record RequestProgress(int Done, long Tokens);
