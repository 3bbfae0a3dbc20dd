namespace Niwaki.Evaluation;

/// <summary>A text as a protocol cuts and scores it.</summary>
/// <param name="Protocol">Name of the protocol.</param>
/// <param name="Window">Tokens that the protocol cuts the text by.</param>
/// <param name="Windows">What is passed through a model, one window or more.</param>
/// <param name="ErrorUnit">What the standard error takes as independent.</param>
public sealed record ScoredText(string Protocol, int Window, IReadOnlyList<ScoredWindow> Windows, ErrorUnit ErrorUnit)
{
    /// <summary>The protocol with its window, such as <c>gptq-2048</c>: what has to stand beside a figure.</summary>
    public string Name { get; init; } = FormattableString.Invariant($"{Protocol}-{Window}");

    /// <summary>Documents.</summary>
    public int Documents { get; init; } = 1;

    /// <summary>Words of the text, for a perplexity by word; null: the protocol has none.</summary>
    public long? Words { get; init; }

    /// <summary>Bytes of the text, for a perplexity by byte; null: the bytes are those of the scored tokens.</summary>
    public long? Bytes { get; init; }

    /// <summary>Tokens scored.</summary>
    public long Scored => Windows.Sum(window => (long)window.Scored);
}
