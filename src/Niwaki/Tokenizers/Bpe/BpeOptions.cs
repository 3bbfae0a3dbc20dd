namespace Niwaki.Tokenizers.Bpe;

/// <summary>How a byte-pair encoding turns characters into its first symbols.</summary>
internal sealed record BpeOptions
{
    /// <summary>Whether the first symbols are the UTF-8 bytes of a text, written in the byte alphabet; false: its characters.</summary>
    public bool TakesBytes { get; init; }

    /// <summary>Whether characters without a token become tokens such as <c>&lt;0x0A&gt;</c>, one a byte.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>The token of characters that have neither a token nor bytes; null: they are left out.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Whether neighbouring unknown characters share one unknown token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Whether a piece that is a token as a whole becomes that token, whatever the merges say.</summary>
    public bool PrefersWholePieces { get; init; }
}
