using System.Text.Json.Nodes;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers;

/// <summary>Writes small tokenizer files with a vocabulary of our own, and loads them.</summary>
/// <remarks>
/// Ids of <see cref="Characters"/>: &lt;unk&gt; 0, &lt;s&gt; 1, a 2, b 3, c 4, ▁ 5, ab 6, abc 7, ▁a 8, bc 9, blank 10, 1 11, 11 12, &lt;0xC3&gt; 13,
/// &lt;0xA9&gt; 14, ! 15, 𝐀 16. Merges in order: a+b, ab+c, b+c, ▁+a, 1+1.
/// </remarks>
internal static class MadeUpTokenizer
{
    /// <summary>A model whose first symbols are characters.</summary>
    public const string Characters = """
        {
          "type": "BPE", "unk_token": "<unk>", "fuse_unk": false, "byte_fallback": false,
          "vocab": {
            "<unk>": 0, "<s>": 1, "a": 2, "b": 3, "c": 4, "▁": 5, "ab": 6, "abc": 7, "▁a": 8, "bc": 9, " ": 10, "1": 11, "11": 12,
            "<0xC3>": 13, "<0xA9>": 14, "!": 15, "𝐀": 16
          },
          "merges": [["a", "b"], ["ab", "c"], ["b", "c"], ["▁", "a"], ["1", "1"]]
        }
        """;

    /// <summary>Loads a tokenizer.json made of parts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="edit">Adds to the model or changes it.</param>
    /// <param name="parts">Other parts: normalizer, pre_tokenizer, decoder, post_processor, added_tokens; as JSON.</param>
    public static Tokenizer Load(string model = Characters, Action<JsonObject>? edit = null, params ReadOnlySpan<(string Name, string Json)> parts)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", Write(model, edit, parts));
        return Tokenizer.Load(folder.Path);
    }

    /// <summary>The text of a tokenizer.json made of parts.</summary>
    public static string Write(string model, Action<JsonObject>? edit, params ReadOnlySpan<(string Name, string Json)> parts)
    {
        JsonObject parsed = JsonNode.Parse(model)!.AsObject();
        edit?.Invoke(parsed);
        var file = new JsonObject { ["version"] = "1.0", ["added_tokens"] = new JsonArray() };
        foreach ((string name, string json) in parts)
        {
            file[name] = JsonNode.Parse(json);
        }

        file["model"] = parsed;
        return file.ToJsonString();
    }

    /// <summary>A model whose first symbols are bytes: ids are the bytes, then the merges as they are given.</summary>
    /// <param name="merges">Pairs in the byte alphabet, such as <c>Ġ a</c>.</param>
    public static string Bytes(params ReadOnlySpan<string> merges)
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocabulary[Niwaki.Tokenizers.PreTokenizers.ByteAlphabet.ToCharacter((byte)value).ToString()] = value;
        }

        var list = new JsonArray();
        foreach (string merge in merges)
        {
            vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = vocabulary.Count;
            list.Add(merge);
        }

        return new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = list }.ToJsonString();
    }
}
