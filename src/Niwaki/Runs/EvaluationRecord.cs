namespace Niwaki.Runs;

/// <summary>Outcome of one evaluation of a model or sub-model.</summary>
/// <param name="LossNats">Mean of -log p over the scored tokens. NaN and ±∞ are possible and survive the journal.</param>
/// <param name="Tokens">Tokens that went through the model, 0 or more.</param>
/// <param name="Seconds">Wall time, 0 or more.</param>
public readonly record struct EvaluationRecord(double LossNats, long Tokens, double Seconds);
