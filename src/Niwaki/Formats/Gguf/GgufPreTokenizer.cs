using System.Text.Json;
using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>The pre-tokenizers that llama.cpp knows by an id and <c>tokenizer.json</c> by its parts, as far as both are known here.</summary>
/// <param name="Ids">Values of <c>tokenizer.ggml.pre</c>; the first is the one that is written.</param>
/// <param name="Pattern">Regular expression of a Split in front; null: none.</param>
/// <param name="CutsDigits">Whether digits stand alone.</param>
/// <param name="PrefersWholePieces">Whether a piece that is a token is not put together from merges (<c>ignore_merges</c>).</param>
/// <param name="Composes">Whether texts are brought to NFC first; llama.cpp does not.</param>
internal sealed record GgufPreTokenizer(string[] Ids, string? Pattern, bool CutsDigits, bool PrefersWholePieces, bool Composes)
{
    private const string LettersAndDigits =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string Llama3 = LettersAndDigits.Replace("DIGITS", "{1,3}", StringComparison.Ordinal);
    private static readonly string Qwen = LettersAndDigits.Replace("DIGITS", "", StringComparison.Ordinal);

    private static readonly GgufPreTokenizer[] Known =
    [
        new(["gpt-2", "phi-2", "mellum"], null, false, false, false),
        new(["smollm"], null, true, false, false),
        new(["llama-bpe", "llama3", "llama-v3", "falcon3"], Llama3, false, true, false),
        new(["smaug-bpe"], Llama3, false, false, false),
        new(["qwen2", "deepseek-r1-qwen"], Qwen, false, false, true),
    ];

    /// <summary>The ids that can be read, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known.SelectMany(known => known.Ids).Select(id => $"'{id}'"));

    /// <summary>The pre-tokenizer of an id, or null.</summary>
    public static GgufPreTokenizer? OfId(string id) => Known.FirstOrDefault(known => known.Ids.Contains(id, StringComparer.Ordinal));

    /// <summary>The pre-tokenizer of a <c>tokenizer.json</c>, or null where it is none of those known here.</summary>
    /// <param name="component">Its <c>pre_tokenizer</c>.</param>
    /// <param name="prefersWholePieces">Its <c>ignore_merges</c>.</param>
    public static GgufPreTokenizer? Of(JsonElement component, bool prefersWholePieces)
    {
        List<JsonElement> steps = [];
        Flatten(component, steps);
        if (steps.Count is 0 or > 2 || Text(steps[^1], "type") != "ByteLevel" || IsTrue(steps[^1], "add_prefix_space", false))
        {
            return null;
        }

        bool splitsWords = IsTrue(steps[^1], "use_regex", true);
        JsonElement? first = steps.Count == 2 ? steps[0] : null;
        string? pattern = first is { } split && IsSplit(split) ? split.GetProperty("pattern").GetProperty("Regex").GetString() : null;
        bool cutsDigits = first is { } digits && Text(digits, "type") == "Digits" && IsTrue(digits, "individual_digits", false);
        bool isUnderstood = first is null || pattern is not null || cutsDigits;
        return isUnderstood && splitsWords == pattern is null
            ? Known.FirstOrDefault(known => known.Pattern == pattern && known.CutsDigits == cutsDigits && known.PrefersWholePieces == prefersWholePieces)
            : null;
    }

    /// <summary>The <c>pre_tokenizer</c> of a <c>tokenizer.json</c>.</summary>
    public JsonObject ToJson()
    {
        var bytes = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = Pattern is null };
        JsonObject? first = Pattern is not null
            ? new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Pattern }, ["behavior"] = "Isolated", ["invert"] = false }
            : CutsDigits ? new JsonObject { ["type"] = "Digits", ["individual_digits"] = true } : null;
        return first is null ? bytes : new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(first, bytes) };
    }

    private static void Flatten(JsonElement component, List<JsonElement> steps)
    {
        if (Text(component, "type") == "Sequence" && component.TryGetProperty("pretokenizers", out JsonElement inner) && inner.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement step in inner.EnumerateArray())
            {
                Flatten(step, steps);
            }
        }
        else
        {
            steps.Add(component);
        }
    }

    private static bool IsSplit(JsonElement step) =>
        Text(step, "type") == "Split" && Text(step, "behavior") == "Isolated" && !IsTrue(step, "invert", false)
        && step.TryGetProperty("pattern", out JsonElement pattern) && Text(pattern, "Regex") is not null;

    private static string? Text(JsonElement component, string name) =>
        component.ValueKind == JsonValueKind.Object && component.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsTrue(JsonElement component, string name, bool absent) =>
        component.TryGetProperty(name, out JsonElement value) ? value.ValueKind == JsonValueKind.True : absent;
}
