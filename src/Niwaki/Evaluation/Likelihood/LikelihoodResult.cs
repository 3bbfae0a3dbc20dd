namespace Niwaki.Evaluation.Likelihood;

/// <summary>The answer to a <see cref="LikelihoodRequest"/>.</summary>
/// <param name="LogLikelihood">Σ ln p over the tokens of the continuation, in nats, 0 or less.</param>
/// <param name="IsGreedy">Whether every token of it is the likeliest one at its place.</param>
public readonly record struct LikelihoodResult(double LogLikelihood, bool IsGreedy);
