namespace Niwaki.Evaluation.Likelihood;

/// <summary>How likely is a continuation behind a context?</summary>
/// <param name="Ids">Token ids of context and continuation, 2 or more, at most one more than the model may read.</param>
/// <param name="Start">The first id of the continuation, 1 or more; equal to the number of ids where the continuation has no token of its own.</param>
public sealed record LikelihoodRequest(int[] Ids, int Start);
