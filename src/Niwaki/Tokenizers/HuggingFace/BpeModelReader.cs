using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tokenizers.HuggingFace;

/// <summary>Reads the model of <c>tokenizer.json</c>: vocabulary, merges and options.</summary>
internal sealed class BpeModelReader
{
    /// <summary>Largest token id accepted: fifteen times the largest vocabulary seen (262,144), and 32 MiB of table at most.</summary>
    public const int MaxId = (1 << 22) - 1;

    private const string Role = "model";

    private readonly ConfigDocument _model;
    private readonly MergeTable _merges = new();
    private readonly int? _unknownId;

    private BpeModelReader(ConfigDocument model)
    {
        _model = model;
        CheckOptions(model);
        Vocabulary = ReadVocabulary();
        _unknownId = ReadUnknownId();
        ReadMerges();
    }

    /// <summary>The tokens; added tokens may still be added.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Whether a byte token or the unknown token is part of a merge.</summary>
    public bool MergesBytes { get; private set; }

    /// <summary>Reads a model.</summary>
    /// <param name="model">Component.</param>
    /// <exception cref="ModelFormatException">The model is broken.</exception>
    /// <exception cref="UnsupportedModelException">The model is of another kind, or has options that are not supported.</exception>
    public static BpeModelReader Read(ConfigDocument model) => new(model);

    /// <summary>The model; tokens that are added to the vocabulary later are never the symbol of a character.</summary>
    /// <param name="takesBytes">Whether the first symbols are bytes.</param>
    public BpeModel CreateModel(bool takesBytes)
    {
        var options = new BpeOptions
        {
            TakesBytes = takesBytes,
            FallsBackToBytes = _model.GetBooleanOrNull("byte_fallback") ?? false,
            UnknownId = _unknownId,
            FusesUnknown = _model.GetBooleanOrNull("fuse_unk") ?? false,
            PrefersWholePieces = _model.GetBooleanOrNull("ignore_merges") ?? false,
        };
        return new BpeModel(Vocabulary, _merges, options);
    }

    private static void CheckOptions(ConfigDocument model)
    {
        // Files of 2020 and before name no type.
        if (model.Has("type") && model.GetString("type") != "BPE")
        {
            throw ComponentFault.Type(model, Role, "BPE");
        }

        if (model.GetDoubleOrNull("dropout") is not (null or 0))
        {
            throw ComponentFault.Value(model, Role, "dropout", "null: with dropout a text has no fixed ids");
        }

        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.GetStringOrNull(affix) is not (null or ""))
            {
                throw ComponentFault.Value(model, Role, affix, "null or an empty text");
            }
        }
    }

    private Vocabulary ReadVocabulary()
    {
        JsonElement entries = _model.GetObject("vocab").Root;
        var vocabulary = new Vocabulary(Math.Min(entries.GetPropertyCount(), MaxId + 1));
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            bool isId = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id is >= 0 and <= MaxId;
            if (!isId)
            {
                string found = $"has id {MessageText.Shown(entry.Value)}";
                throw new ModelFormatException(_model.File, Token(entry.Name), found, $"a whole number from 0 to {MessageText.Count(MaxId)}");
            }

            if (!vocabulary.TryAdd(entry.Name, entry.Value.GetInt32()))
            {
                string owner = MessageText.Shown(vocabulary.TokenOrNull(entry.Value.GetInt32())!);
                throw new ModelFormatException(
                    _model.File, Token(entry.Name), $"has id {entry.Value.GetInt32()}, which is the id of '{owner}'", "an id of its own");
            }
        }

        return vocabulary;
    }

    private int? ReadUnknownId()
    {
        if (_model.GetStringOrNull("unk_token") is not { } token)
        {
            return null;
        }

        return Vocabulary.TryGetId(token, out int id) ? id : throw ComponentFault.Broken(_model, Role, "unk_token", "a token of the vocabulary");
    }

    private void ReadMerges()
    {
        if (!_model.Root.TryGetProperty("merges", out JsonElement merges) || merges.ValueKind != JsonValueKind.Array)
        {
            throw ComponentFault.Broken(_model, Role, "merges", "a list of pairs");
        }

        _merges.Reserve(merges.GetArrayLength());
        int rank = 0;
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            AddMerge(merge, rank++);
        }
    }

    private void AddMerge(JsonElement merge, int rank)
    {
        (string left, string right) = Split(merge, rank);
        int leftId = FindPart(left, merge, rank);
        int rightId = FindPart(right, merge, rank);
        int result = FindPart(left + right, merge, rank);
        if (!_merges.TryAdd(leftId, rightId, rank, result))
        {
            throw Broken(merge, rank, "a pair that is not in the list already");
        }

        MergesBytes |= IsByteOrUnknown(left, leftId) || IsByteOrUnknown(right, rightId);
    }

    /// <summary>A merge is a list of two texts, or in older files one text with a blank between the parts.</summary>
    private (string Left, string Right) Split(JsonElement merge, int rank)
    {
        if (merge.ValueKind == JsonValueKind.String)
        {
            string text = merge.GetString()!;
            int blank = text.IndexOf(' ', StringComparison.Ordinal);
            if (blank > 0 && blank < text.Length - 1 && text.LastIndexOf(' ') == blank)
            {
                return (text[..blank], text[(blank + 1)..]);
            }
        }
        else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
            && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
        {
            return (merge[0].GetString()!, merge[1].GetString()!);
        }

        throw Broken(merge, rank, "two texts, or one text with one blank between two parts");
    }

    private int FindPart(string part, JsonElement merge, int rank) =>
        Vocabulary.TryGetId(part, out int id) ? id : throw Broken(merge, rank, $"tokens of the vocabulary, which has no '{MessageText.Shown(part)}'");

    private bool IsByteOrUnknown(string token, int id) => id == _unknownId || ByteToken.TryRead(token, out _);

    private ModelFormatException Broken(JsonElement merge, int rank, string expected) =>
        new(_model.File, $"model merge {MessageText.Count(rank)}", $"is {MessageText.Shown(merge)}", expected);

    private static string Token(string token) => $"model token '{MessageText.Shown(token)}'";
}
