using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>The <c>tokenizer.json</c> of a byte-level vocabulary.</summary>
internal static class GgufBytePairFile
{
    public static JsonObject Of(GgufFile file, string[] tokens, int[] types)
    {
        GgufMetadata metadata = file.Metadata;
        string id = metadata.GetStringOrNull(GgufKeys.PreTokenizer) ?? "missing";
        GgufPreTokenizer known = GgufPreTokenizer.OfId(id)
            ?? throw new UnsupportedModelException(file.FilePath, $"metadata '{GgufKeys.PreTokenizer}'", $"is '{MessageText.Shown(id)}'", $"one of {GgufPreTokenizer.Names}");
        string[] merges = metadata.GetStringsOrNull(GgufKeys.Merges) ?? throw metadata.Missing(GgufKeys.Merges, "the merges of the vocabulary");
        var vocabulary = new JsonObject();
        var added = new JsonArray();
        for (int token = 0; token < tokens.Length; token++)
        {
            if (types[token] is GgufKeys.Control or GgufKeys.UserDefined)
            {
                added.Add((JsonNode)Added(token, tokens[token], types[token] == GgufKeys.Control));
            }
            else if (types[token] != GgufKeys.Unused && !vocabulary.TryAdd(tokens[token], token))
            {
                throw new ModelFormatException(file.FilePath, $"token {token} ('{MessageText.Shown(tokens[token])}')", "appears twice", "each token once");
            }
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = known.Composes ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = known.ToJson(),
            ["post_processor"] = PostProcessor(metadata, tokens, known.PrefersWholePieces),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = known.PrefersWholePieces,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    private static JsonObject Added(int id, string content, bool isSpecial) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = isSpecial,
    };

    /// <summary>Begin and end around a text; where the file does not say, the pre-tokenizer of Llama 3 puts the begin in front.</summary>
    private static JsonObject? PostProcessor(GgufMetadata metadata, string[] tokens, bool addsBegin)
    {
        string? begin = metadata.GetBooleanOrNull(GgufKeys.AddBeginOfText) ?? addsBegin ? GgufTokenizerFiles.TokenOf(metadata, tokens, GgufKeys.BeginOfText) : null;
        string? end = metadata.GetBooleanOrNull(GgufKeys.AddEndOfText) ?? false ? GgufTokenizerFiles.TokenOf(metadata, tokens, GgufKeys.EndOfText) : null;
        if (begin is null && end is null)
        {
            return null;
        }

        var single = new JsonArray();
        var special = new JsonObject();
        Put(begin, GgufKeys.BeginOfText);
        single.Add((JsonNode)new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        Put(end, GgufKeys.EndOfText);
        JsonNode pair = single.DeepClone();
        pair.AsArray().Add((JsonNode)new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "B", ["type_id"] = 1 } });
        return new JsonObject { ["type"] = "TemplateProcessing", ["single"] = single, ["pair"] = pair, ["special_tokens"] = special };

        void Put(string? token, string key)
        {
            if (token is null)
            {
                return;
            }

            int id = metadata.GetInt32(key, 0, tokens.Length - 1);
            single.Add((JsonNode)new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } });
            special[token] = new JsonObject { ["id"] = token, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(token) };
        }
    }
}
