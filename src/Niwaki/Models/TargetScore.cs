namespace Niwaki.Models;

/// <summary>What a model thinks of a token that it was asked about.</summary>
/// <param name="LossNats">−ln of its probability, in nats.</param>
/// <param name="IsLikeliest">Whether no token has a larger logit.</param>
public readonly record struct TargetScore(float LossNats, bool IsLikeliest);
