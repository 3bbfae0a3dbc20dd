namespace Niwaki.Formats.Gguf;

/// <summary>Keys of metadata that are the same for every architecture, and the token types of vocabularies.</summary>
internal static class GgufKeys
{
    public const string Architecture = "general.architecture";
    public const string FileType = "general.file_type";
    public const string TokenizerModel = "tokenizer.ggml.model";
    public const string TokenizerPrefix = "tokenizer.";
    public const string PreTokenizer = "tokenizer.ggml.pre";
    public const string Tokens = "tokenizer.ggml.tokens";
    public const string TokenTypes = "tokenizer.ggml.token_type";
    public const string Scores = "tokenizer.ggml.scores";
    public const string Merges = "tokenizer.ggml.merges";
    public const string BeginOfText = "tokenizer.ggml.bos_token_id";
    public const string EndOfText = "tokenizer.ggml.eos_token_id";
    public const string EndOfTurn = "tokenizer.ggml.eot_token_id";
    public const string Unknown = "tokenizer.ggml.unknown_token_id";
    public const string AddBeginOfText = "tokenizer.ggml.add_bos_token";
    public const string AddEndOfText = "tokenizer.ggml.add_eos_token";
    public const string AddSpacePrefix = "tokenizer.ggml.add_space_prefix";
    public const string ChatTemplate = "tokenizer.chat_template";

    /// <summary>Value of <see cref="TokenizerModel"/>: SentencePiece vocabulary with scores.</summary>
    public const string SentencePieceModel = "llama";

    /// <summary>Value of <see cref="TokenizerModel"/>: byte-level byte-pair vocabulary with merges.</summary>
    public const string BytePairModel = "gpt2";

    /// <summary>Value of <see cref="TokenizerModel"/>: no vocabulary.</summary>
    public const string NoModel = "none";

    /// <summary>Types of tokens, numbered as SentencePiece does.</summary>
    public const int Normal = 1;

    /// <inheritdoc cref="Normal"/>
    public const int UnknownType = 2;

    /// <inheritdoc cref="Normal"/>
    public const int Control = 3;

    /// <inheritdoc cref="Normal"/>
    public const int UserDefined = 4;

    /// <inheritdoc cref="Normal"/>
    public const int Unused = 5;

    /// <inheritdoc cref="Normal"/>
    public const int Byte = 6;
}
