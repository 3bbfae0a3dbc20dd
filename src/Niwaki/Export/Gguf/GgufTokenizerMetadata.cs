using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Export.Gguf;

/// <summary>The metadata that holds a model's tokenizer: vocabulary, special tokens, chat template.</summary>
internal static class GgufTokenizerMetadata
{
    /// <param name="folder">Folder with the tokenizer files, or a GGUF file.</param>
    /// <param name="config">Config of the model.</param>
    /// <param name="preTokenizer">Value of <c>tokenizer.ggml.pre</c>; null: found from the pre-tokenizer.</param>
    /// <param name="warnings">Receives what a user should know.</param>
    /// <exception cref="ModelFormatException">A file is broken, or its vocabulary has more tokens than the model has rows.</exception>
    /// <exception cref="UnsupportedModelException">llama.cpp has no tokenizer of this kind.</exception>
    public static List<KeyValuePair<string, GgufValue>> Of(string folder, ModelConfig config, string? preTokenizer, List<string> warnings)
    {
        if (ModelFolder.IsGguf(folder))
        {
            return OfGguf(folder);
        }

        var entries = new List<KeyValuePair<string, GgufValue>>();
        string json = Path.Combine(folder, Tokenizer.JsonFileName);
        string pieces = Path.Combine(folder, Tokenizer.SentencePieceFileName);
        ConfigDocument? document = File.Exists(json) ? ConfigDocument.Read(json, StrictJson.DefaultMaxBytes) : null;
        if (document is null && !File.Exists(pieces))
        {
            warnings.Add("The folder has no tokenizer: the file gets none, and text cannot be given to it.");
            Add(GgufKeys.TokenizerModel, GgufKeys.NoModel);
            return entries;
        }

        // First of all: it checks the files far more thoroughly than is done here.
        Tokenizer tokenizer = Tokenizer.Load(folder);
        GgufVocabulary vocabulary = document is null || (File.Exists(pieces) && !IsByteLevel(document))
            ? GgufVocabularyReader.OfPieces(pieces, document, config.VocabularySize)
            : IsByteLevel(document)
                ? GgufVocabularyReader.OfBytePairs(document, preTokenizer, config.VocabularySize)
                : GgufVocabularyReader.OfMergedPieces(document, config.VocabularySize);
        vocabulary.Pad(folder);
        if (vocabulary.LeftOut is [string first, ..])
        {
            warnings.Add(
                $"The embedding table has {MessageText.Count(vocabulary.Rows)} rows and none for {MessageText.Count(vocabulary.LeftOut.Count)} of the added tokens, the first of them '{MessageText.Shown(first)}': they are left out.");
        }

        Add(GgufKeys.TokenizerModel, vocabulary.Model);
        Add(GgufKeys.PreTokenizer, vocabulary.PreTokenizer);
        Add(GgufKeys.Tokens, vocabulary.Tokens.ToArray());
        Add(GgufKeys.TokenTypes, vocabulary.Types.ToArray());
        if (vocabulary.Scores is { } scores)
        {
            Add(GgufKeys.Scores, scores.ToArray());
            Add(GgufKeys.AddSpacePrefix, vocabulary.AddsSpacePrefix);
        }

        if (vocabulary.Merges is { } merges)
        {
            Add(GgufKeys.Merges, merges);
        }

        AddSpecialTokens(tokenizer, config, vocabulary, Add);
        if (ChatTemplate(folder) is { } template)
        {
            Add(GgufKeys.ChatTemplate, template);
        }

        return entries;

        void Add(string key, object value) => entries.Add(new(key, GgufValue.Of(value)));
    }

    /// <summary>Everything that a GGUF source says about its tokenizer, as it says it.</summary>
    private static List<KeyValuePair<string, GgufValue>> OfGguf(string path)
    {
        using var source = GgufFile.Open(path);
        return [.. source.Metadata.Entries.Where(entry => entry.Key.StartsWith(GgufKeys.TokenizerPrefix, StringComparison.Ordinal))];
    }

    private static void AddSpecialTokens(Tokenizer tokenizer, ModelConfig config, GgufVocabulary vocabulary, Action<string, object> add)
    {
        // A token without a row cannot be given to the model.
        int? begin = ((int?[])[tokenizer.BeginOfText, config.BeginOfText]).FirstOrDefault(id => id < vocabulary.Rows);
        if (begin is { } beginId)
        {
            add(GgufKeys.BeginOfText, (uint)beginId);
        }

        int? end = ((int?[])[tokenizer.EndOfText, .. config.EndOfText]).FirstOrDefault(id => id < vocabulary.Rows);
        if (end is { } endId)
        {
            add(GgufKeys.EndOfText, (uint)endId);
        }

        int unknown = vocabulary.Types.IndexOf(GgufKeys.UnknownType);
        if (unknown >= 0)
        {
            add(GgufKeys.Unknown, (uint)unknown);
        }

        add(GgufKeys.AddBeginOfText, tokenizer.AddsBeginOfText && begin == tokenizer.BeginOfText);
        add(GgufKeys.AddEndOfText, tokenizer.AddsEndOfText && end == tokenizer.EndOfText);
    }

    /// <summary>Whether words are written as bytes, as GPT-2 does; else as pieces with visible blanks, as SentencePiece does.</summary>
    private static bool IsByteLevel(ConfigDocument document) =>
        document.Root.TryGetProperty("pre_tokenizer", out JsonElement component) && component.GetRawText().Contains("\"ByteLevel\"", StringComparison.Ordinal);

    /// <summary>The template of the newer file, or that of tokenizer_config.json: a text, or the one named 'default' of a list.</summary>
    private static string? ChatTemplate(string folder)
    {
        string file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
        {
            return System.Text.Encoding.UTF8.GetString(CappedFile.ReadAllBytes(file, 1 << 22));
        }

        string settings = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(settings) || !ConfigDocument.Read(settings).Root.TryGetProperty("chat_template", out JsonElement template))
        {
            return null;
        }

        return template.ValueKind switch
        {
            JsonValueKind.String => template.GetString(),
            JsonValueKind.Array => template.EnumerateArray().FirstOrDefault(IsDefault) is { ValueKind: JsonValueKind.Object } item ? item.GetProperty("template").GetString() : null,
            _ => null,
        };

        static bool IsDefault(JsonElement item) =>
            item.ValueKind == JsonValueKind.Object
            && item.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String && name.GetString() == "default"
            && item.TryGetProperty("template", out JsonElement text) && text.ValueKind == JsonValueKind.String;
    }
}
