namespace Niwaki.Evaluation;

/// <summary>How far the predictions of a model are from those of a reference on the scored tokens of a text: the table of llama.cpp's <c>--kl-divergence</c>.</summary>
/// <remarks>Errors take every token as independent, as that table does.</remarks>
/// <param name="Tokens">Tokens scored.</param>
/// <param name="Perplexity">Perplexity of the model.</param>
/// <param name="ReferencePerplexity">Perplexity of the reference.</param>
/// <param name="Correlation">Correlation of the losses of both over the tokens, −1 to 1; NaN where one of them is the same everywhere.</param>
/// <param name="LogRatio">Mean difference of the losses: ln of the ratio of the perplexities.</param>
/// <param name="Ratio">Perplexity of the model over that of the reference.</param>
/// <param name="Difference">Perplexity of the model less that of the reference.</param>
/// <param name="Divergence">KL(reference ‖ model) of the next-token distribution, nats.</param>
/// <param name="ProbabilityChange">Probability of the token that follows in the text, model less reference, −1 to 1.</param>
/// <param name="RootMeanSquareChange">Root of the mean square of that change.</param>
/// <param name="SameTop">Share of the tokens at which both find the same token likeliest; of equal logits the first counts.</param>
public sealed record ReferenceResult(
    long Tokens,
    ValueWithError Perplexity,
    ValueWithError ReferencePerplexity,
    double Correlation,
    ValueWithError LogRatio,
    ValueWithError Ratio,
    ValueWithError Difference,
    Distribution Divergence,
    Distribution ProbabilityChange,
    ValueWithError RootMeanSquareChange,
    ValueWithError SameTop);
