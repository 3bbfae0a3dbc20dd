using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>Writes the vocabulary of a GGUF file as the tokenizer files of a Hugging Face folder.</summary>
/// <remarks>
/// A byte-level vocabulary becomes <c>tokenizer.json</c>, one of pieces and scores SentencePiece's <c>tokenizer.model</c>: each is the format that says
/// the same. <c>tokenizer_config.json</c> beside it holds begin, end and chat template.
/// </remarks>
internal static class GgufTokenizerFiles
{
    private const int MostTokens = 1 << 22;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The files by name; none where the file has no vocabulary.</summary>
    /// <exception cref="ModelFormatException">A part of the vocabulary is missing or at odds with another.</exception>
    /// <exception cref="UnsupportedModelException">The kind of tokenizer or its pre-tokenizer is unknown.</exception>
    public static IReadOnlyDictionary<string, byte[]> Of(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        string model = metadata.GetStringOrNull(GgufKeys.TokenizerModel) ?? GgufKeys.NoModel;
        if (model is GgufKeys.NoModel or "no_vocab")
        {
            return files;
        }

        string[] tokens = metadata.GetStringsOrNull(GgufKeys.Tokens) ?? throw metadata.Missing(GgufKeys.Tokens, "the texts of the tokens");
        if (tokens.Length is 0 or > MostTokens)
        {
            throw metadata.Wrong(GgufKeys.Tokens, metadata.Find(GgufKeys.Tokens)!, $"1 to {MessageText.Count(MostTokens)} texts");
        }

        int[] types = metadata.GetInt32sOrNull(GgufKeys.TokenTypes, tokens.Length, 0, GgufKeys.Byte) ?? [.. Enumerable.Repeat(GgufKeys.Normal, tokens.Length)];
        switch (model)
        {
            case GgufKeys.BytePairModel:
                files["tokenizer.json"] = Utf8(GgufBytePairFile.Of(file, tokens, types));
                break;
            case GgufKeys.SentencePieceModel:
                float[] scores = metadata.GetSinglesOrNull(GgufKeys.Scores, tokens.Length) ?? throw metadata.Missing(GgufKeys.Scores, "a score for every token");
                files["tokenizer.model"] = GgufPieceFile.Of(metadata, tokens, types, scores);
                break;
            default:
                throw new UnsupportedModelException(file.FilePath, $"metadata '{GgufKeys.TokenizerModel}'", $"is '{MessageText.Shown(model)}'", "'gpt2' (byte-level BPE) or 'llama' (SentencePiece BPE)");
        }

        files["tokenizer_config.json"] = Utf8(Settings(metadata, tokens));
        return files;
    }

    /// <summary>The text of the token that a key names, if there is one.</summary>
    public static string? TokenOf(GgufMetadata metadata, string[] tokens, string key) =>
        metadata.GetInt32OrNull(key, 0, tokens.Length - 1) is { } id ? tokens[id] : null;

    private static JsonObject Settings(GgufMetadata metadata, string[] tokens)
    {
        bool isPieces = metadata.GetString(GgufKeys.TokenizerModel) == GgufKeys.SentencePieceModel;
        var settings = new JsonObject
        {
            ["tokenizer_class"] = isPieces ? "LlamaTokenizer" : "PreTrainedTokenizerFast",
            ["bos_token"] = TokenOf(metadata, tokens, GgufKeys.BeginOfText),
            ["eos_token"] = TokenOf(metadata, tokens, GgufKeys.EndOfText),
            ["add_bos_token"] = metadata.GetBooleanOrNull(GgufKeys.AddBeginOfText) ?? isPieces,
            ["add_eos_token"] = metadata.GetBooleanOrNull(GgufKeys.AddEndOfText) ?? false,
            ["clean_up_tokenization_spaces"] = false,
        };
        if (metadata.GetStringOrNull(GgufKeys.ChatTemplate) is { } template)
        {
            settings["chat_template"] = template;
        }

        return settings;
    }

    private static byte[] Utf8(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString(Relaxed));
}
