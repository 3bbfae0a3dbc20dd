namespace Niwaki.Evaluation.Speed;

/// <summary>How far a measurement of speed is.</summary>
/// <param name="Stage">Batch and lengths at hand.</param>
/// <param name="Done">Share of the tokens that were passed, 0 to 1.</param>
/// <param name="Tokens">Tokens passed so far, those of a prompt once for every run.</param>
public sealed record SpeedProgress(string Stage, double Done, long Tokens);
