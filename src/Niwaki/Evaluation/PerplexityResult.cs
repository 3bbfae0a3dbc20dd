namespace Niwaki.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Protocol">How the text was cut and scored, such as <c>gptq</c>. Figures of different protocols cannot be compared.</param>
/// <param name="Window">Tokens of a window.</param>
/// <param name="Tokens">Tokens scored: window − 1 of every window.</param>
/// <param name="Nll">Mean of −ln p over the scored tokens, in nats.</param>
/// <param name="Perplexity">e to the <paramref name="Nll"/>.</param>
/// <param name="BitsPerByte">Σ −log2 p over the scored tokens, divided by the bytes of text they stand for; comparable between tokenizers. Null without a tokenizer or text.</param>
/// <param name="StandardError">Standard error of <paramref name="Nll"/> in nats, from the spread of the window means (tokens of one window are not independent); null for fewer than 2 windows.</param>
public sealed record PerplexityResult(
    string Protocol, int Window, long Tokens, double Nll, double Perplexity, double? BitsPerByte, double? StandardError);
