using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.Decoders;
using Niwaki.Tokenizers.Normalizers;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Pipeline;

/// <summary>Everything that a tokenizer file says, ready for use.</summary>
/// <remarks>
/// text → added tokens cut out → normaliser → normalised added tokens cut out → pre-tokenizers → byte-pair encoding → ids → template.
/// Immutable and thread safe.
/// </remarks>
internal sealed record TokenizerPipeline
{
    /// <summary>The model.</summary>
    public required BpeModel Model { get; init; }

    /// <summary>Where pieces may be cut further, for speed.</summary>
    public SafeCuts? Cuts { get; init; }

    /// <summary>Added tokens, special ones included.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>Normaliser, if there is one.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>Pre-tokenizers in order.</summary>
    public IReadOnlyList<PreTokenizer> PreTokenizers { get; init; } = [];

    /// <summary>From tokens to text.</summary>
    public required DecoderChain Decoder { get; init; }

    /// <summary>Ids in front of every text.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids behind every text.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    /// <summary>Ids that stand for no text.</summary>
    public required IReadOnlySet<int> SpecialIds { get; init; }

    /// <summary>The token that marks the beginning of a text, if there is one.</summary>
    public int? BeginOfText { get; init; }

    /// <summary>The token that marks the end of a text, if there is one.</summary>
    public int? EndOfText { get; init; }
}
