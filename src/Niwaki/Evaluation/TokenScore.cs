namespace Niwaki.Evaluation;

/// <summary>What a model thinks of one token of a text.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Text">Readable piece of text.</param>
/// <param name="LogProbability">ln p of the token behind those in front of it, in nats, 0 or less; null for the first token of the text.</param>
public readonly record struct TokenScore(int Id, string Text, double? LogProbability);
