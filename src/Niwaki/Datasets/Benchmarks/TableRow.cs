using System.Globalization;
using System.Text.Json.Nodes;

namespace Niwaki.Datasets.Benchmarks;

/// <summary>One row of a data set, with its fields by name.</summary>
/// <param name="Fields">The fields, as the file has them.</param>
/// <param name="Place">File and row, for messages.</param>
public sealed record TableRow(JsonObject Fields, string Place)
{
    /// <summary>A text.</summary>
    /// <param name="field">Name; a point leads into a field of a field.</param>
    /// <exception cref="DatasetException">There is no such field, or it holds something else.</exception>
    public string Text(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return TextOf(Find(field)) ?? throw Fault(field, "a text");
    }

    /// <summary>A whole number, which may be written as a text, or as true for 1 and false for 0.</summary>
    /// <param name="field">Name, as for <see cref="Text"/>.</param>
    /// <exception cref="DatasetException">There is no such field, or it holds something else.</exception>
    public int Whole(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return WholeOf(Find(field)) ?? throw Fault(field, "a whole number");
    }

    /// <summary>A list of texts, one at least.</summary>
    /// <param name="field">Name, as for <see cref="Text"/>.</param>
    /// <exception cref="DatasetException">There is no such field, or it holds something else.</exception>
    public IReadOnlyList<string> Texts(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        string?[] texts = Find(field) is JsonArray list ? [.. list.Select(TextOf)] : [];
        return texts.Length > 0 && !texts.Contains(null) ? [.. texts.Select(text => text!)] : throw Fault(field, "a list of texts");
    }

    /// <summary>A list of whole numbers, one at least.</summary>
    /// <param name="field">Name, as for <see cref="Text"/>.</param>
    /// <exception cref="DatasetException">There is no such field, or it holds something else.</exception>
    public IReadOnlyList<int> Wholes(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        int?[] numbers = Find(field) is JsonArray list ? [.. list.Select(WholeOf)] : [];
        return numbers.Length > 0 && !numbers.Contains(null) ? [.. numbers.Select(number => number!.Value)] : throw Fault(field, "a list of whole numbers");
    }

    /// <summary>The fault of a field that holds something else than it should.</summary>
    /// <param name="field">Name.</param>
    /// <param name="expected">What it should hold.</param>
    public DatasetException Fault(string field, string expected)
    {
        ArgumentNullException.ThrowIfNull(field);
        JsonNode? found = Find(field);
        string what = found is null ? $"has no field '{field}' (there are: {string.Join(", ", Fields.Select(entry => entry.Key).Take(12))})" : $"has {Shown(found)} in field '{field}'";
        return new DatasetException(Place, what, expected, "Give the data set in its original field layout.");
    }

    private JsonNode? Find(string field)
    {
        JsonNode? node = Fields;
        foreach (string name in field.Split('.'))
        {
            node = node is JsonObject fields && fields.TryGetPropertyValue(name, out JsonNode? inner) ? inner : null;
        }

        return node;
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static int? WholeOf(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out int number) => number,
        JsonValue value when value.TryGetValue(out bool isTrue) => isTrue ? 1 : 0,
        JsonValue value when value.TryGetValue(out long number) && number is >= int.MinValue and <= int.MaxValue => (int)number,
        _ => int.TryParse(TextOf(node), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int written) ? written : null,
    };

    private static string Shown(JsonNode node) => node.ToJsonString() is { Length: > 60 } text ? text[..60] + "…" : node.ToJsonString();
}
