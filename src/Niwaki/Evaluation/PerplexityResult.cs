namespace Niwaki.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Protocol">How the text was cut and scored, such as <c>gptq</c>. Figures of different protocols cannot be compared.</param>
/// <param name="Window">Tokens of a window.</param>
/// <param name="Tokens">Tokens scored, such as window − 1 of every window.</param>
/// <param name="Nll">Mean of −ln p over the scored tokens, in nats.</param>
/// <param name="Perplexity">e to the <paramref name="Nll"/>.</param>
/// <param name="BitsPerByte">Σ −log2 p over the scored tokens, divided by the bytes of text they stand for; comparable between tokenizers. Null without a tokenizer or text.</param>
/// <param name="StandardError">Standard error of <paramref name="Nll"/> in nats, from the spread over what <paramref name="ErrorUnit"/> names; null where there are fewer than 2 of them.</param>
/// <param name="ErrorUnit">What the standard error takes as independent.</param>
public sealed record PerplexityResult(
    string Protocol, int Window, long Tokens, double Nll, double Perplexity, double? BitsPerByte, double? StandardError, ErrorUnit ErrorUnit = ErrorUnit.Windows)
{
    /// <summary>Documents.</summary>
    public int Documents { get; init; } = 1;

    /// <summary>e to the Σ −ln p over the words of the text; null: the protocol counts no words.</summary>
    public double? WordPerplexity { get; init; }

    /// <summary>e to the Σ −ln p over the bytes of the text; null: the protocol counts none.</summary>
    public double? BytePerplexity { get; init; }

    /// <summary>Standard error of <see cref="Perplexity"/>, to first order: the perplexity times that of its logarithm.</summary>
    public double? PerplexityError => Perplexity * StandardError;
}
