namespace Niwaki.Pruning.Decisions;

/// <summary>How far a run is.</summary>
/// <param name="Stage">What is being done, such as <c>round 2 of 6</c>.</param>
/// <param name="Done">Share that is done, 0 to 1: of the search, and in front of it and behind it of the text or the measurement at hand.</param>
/// <param name="Loss">Latest measured loss in nats per token, if there is one.</param>
/// <param name="Tokens">Tokens that went through the model so far; 0 where they are not counted.</param>
public sealed record PruningProgress(string Stage, double Done, double? Loss = null, long Tokens = 0);
