using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Bpe;
using Niwaki.Tokenizers.HuggingFace;
using Niwaki.Tokenizers.PreTokenizers;
using Niwaki.Tokenizers.SentencePiece;

namespace Niwaki.Export.Gguf;

/// <summary>Makes GGUF vocabularies from tokenizer files.</summary>
internal static class GgufVocabularyReader
{
    /// <summary>The vocabulary of a byte-level <c>tokenizer.json</c>.</summary>
    /// <param name="document">The file.</param>
    /// <param name="preTokenizer">Id to write; null: found from the file.</param>
    /// <param name="rows">Rows of the embedding table.</param>
    /// <exception cref="UnsupportedModelException">llama.cpp knows no such pre-tokenizer or normalizer.</exception>
    public static GgufVocabulary OfBytePairs(ConfigDocument document, string? preTokenizer, int rows)
    {
        ConfigDocument model = document.GetObject("model");
        bool prefersWholePieces = model.GetBooleanOrNull("ignore_merges") ?? false;
        GgufPreTokenizer? known = GgufPreTokenizer.Of(document.GetObject("pre_tokenizer").Root, prefersWholePieces);
        if (preTokenizer is null && known is null)
        {
            throw new UnsupportedModelException(
                document.File, "'pre_tokenizer'", "is none of which the id in llama.cpp is known", $"that of {GgufPreTokenizer.Names}", "Give the id with --pre.");
        }

        string normalizer = document.GetObjectOrNull("normalizer")?.GetString("type") ?? "none";
        if (preTokenizer is null && normalizer is not ("none" or "NFC"))
        {
            throw new UnsupportedModelException(document.File, "'normalizer'", $"is '{MessageText.Shown(normalizer)}'", "none or NFC: llama.cpp normalises nothing");
        }

        var vocabulary = new GgufVocabulary
        {
            Model = GgufKeys.BytePairModel,
            Rows = rows,
            PreTokenizer = preTokenizer ?? known!.Ids[0],
            Merges = [.. Merges(model).Select(merge => $"{merge.Left} {merge.Right}")],
        };
        foreach (JsonProperty token in Vocabulary(document, model, rows))
        {
            vocabulary.Set(token.Value.GetInt32(), token.Name, GgufKeys.Normal);
        }

        AddAddedTokens(vocabulary, document);
        return vocabulary;
    }

    /// <summary>The vocabulary of a <c>tokenizer.json</c> in SentencePiece style. It has merges and no scores: the rank of the first merge that makes a piece is its score.</summary>
    /// <param name="document">The file.</param>
    /// <param name="rows">Rows of the embedding table.</param>
    /// <exception cref="UnsupportedModelException">Characters without a piece do not become bytes.</exception>
    public static GgufVocabulary OfMergedPieces(ConfigDocument document, int rows)
    {
        ConfigDocument model = document.GetObject("model");
        if (model.GetBooleanOrNull("byte_fallback") != true)
        {
            throw new UnsupportedModelException(
                document.File, "tokenizer", "is neither byte-level nor falls back to bytes", "one of the two: llama.cpp has no other byte-pair tokenizer");
        }

        string? unknown = model.GetStringOrNull("unk_token");
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        int rank = 0;
        foreach ((string left, string right) in Merges(model))
        {
            ranks.TryAdd(left + right, rank++);
        }

        var vocabulary = new GgufVocabulary
        {
            Model = GgufKeys.SentencePieceModel,
            Rows = rows,
            PreTokenizer = "default",
            Scores = [],
            AddsSpacePrefix = PutsBlankInFront(document),
        };
        foreach (JsonProperty token in Vocabulary(document, model, rows))
        {
            int type = token.Name == unknown ? GgufKeys.UnknownType : ByteToken.TryRead(token.Name, out _) ? GgufKeys.Byte : GgufKeys.Normal;
            vocabulary.Set(token.Value.GetInt32(), token.Name, type, ranks.TryGetValue(token.Name, out int first) ? -first : GgufVocabulary.UnreachableScore);
        }

        AddAddedTokens(vocabulary, document);
        return vocabulary;
    }

    /// <summary>The vocabulary of a <c>tokenizer.model</c>, with the tokens that a <c>tokenizer.json</c> beside it adds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="document">The <c>tokenizer.json</c>; null: there is none.</param>
    /// <param name="rows">Rows of the embedding table.</param>
    public static GgufVocabulary OfPieces(string path, ConfigDocument? document, int rows)
    {
        SentencePieceFile file = SentencePieceFile.Read(path);
        var vocabulary = new GgufVocabulary
        {
            Model = GgufKeys.SentencePieceModel,
            Rows = rows,
            PreTokenizer = "default",
            Scores = [],
            AddsSpacePrefix = document is null ? file.AddsDummyPrefix : PutsBlankInFront(document),
        };
        for (int id = 0; id < file.Pieces.Count; id++)
        {
            Piece piece = file.Pieces[id];
            vocabulary.Set(id, piece.Text, (int)piece.Type, piece.Score);
        }

        if (document is not null)
        {
            AddAddedTokens(vocabulary, document);
        }

        return vocabulary;
    }

    /// <summary>Texts and ids of the vocabulary, without added tokens that have no row: the files of some trainers list them there too.</summary>
    private static IEnumerable<JsonProperty> Vocabulary(ConfigDocument document, ConfigDocument model, int rows)
    {
        HashSet<int> leftOut = [.. (document.GetObjectsOrNull("added_tokens") ?? []).Select(token => token.GetInt32("id", 0, int.MaxValue)).Where(id => id >= rows)];
        return model.GetObject("vocab").Root.EnumerateObject().Where(token => !leftOut.Contains(token.Value.GetInt32()));
    }

    /// <summary>The tokens that a <c>tokenizer.json</c> adds; those without a row are left out, as llama.cpp's own converter does for pieces: the model cannot know them.</summary>
    private static void AddAddedTokens(GgufVocabulary vocabulary, ConfigDocument document)
    {
        foreach (ConfigDocument token in document.GetObjectsOrNull("added_tokens") ?? [])
        {
            int id = token.GetInt32("id", 0, int.MaxValue);
            if (id >= vocabulary.Rows)
            {
                vocabulary.LeftOut.Add(token.GetString("content"));
                continue;
            }

            bool isUnknown = id < vocabulary.Types.Count && vocabulary.Types[id] == GgufKeys.UnknownType;
            int type = isUnknown ? GgufKeys.UnknownType : token.GetBooleanOrNull("special") == true ? GgufKeys.Control : GgufKeys.UserDefined;
            float score = vocabulary.Scores is { } scores && id < scores.Count ? scores[id] : GgufVocabulary.UnreachableScore;
            vocabulary.Set(id, token.GetString("content"), type, score);
        }
    }

    /// <summary>The merges, written as <c>"a b"</c> or <c>["a", "b"]</c>.</summary>
    private static IEnumerable<(string Left, string Right)> Merges(ConfigDocument model)
    {
        foreach (JsonElement merge in model.Root.GetProperty("merges").EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array)
            {
                yield return (merge[0].GetString()!, merge[1].GetString()!);
            }
            else
            {
                string text = merge.GetString()!;
                int blank = text.IndexOf(' ', StringComparison.Ordinal);
                yield return (text[..blank], text[(blank + 1)..]);
            }
        }
    }

    /// <summary>Whether a normalizer or a Metaspace pre-tokenizer puts the visible blank in front of texts.</summary>
    private static bool PutsBlankInFront(ConfigDocument document) =>
        PutsBlankInFront(document.GetObjectOrNull("normalizer"), "normalizers") || PutsBlankInFront(document.GetObjectOrNull("pre_tokenizer"), "pretokenizers");

    private static bool PutsBlankInFront(ConfigDocument? component, string partsKey) => component?.GetStringOrNull("type") switch
    {
        "Prepend" => true,
        "Metaspace" => PreTokenizerReader.ReadScheme(component, "pre-tokenizer") != PrependScheme.Never,
        "Sequence" => component.GetObjectsOrNull(partsKey) is { } parts && parts.Any(part => PutsBlankInFront(part, partsKey)),
        _ => false,
    };
}
