using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Niwaki.Formats.HuggingFace;

/// <summary>A config.json or generation_config.json, or an object inside one: strict when read, complete when written.</summary>
/// <remarks>
/// A field whose value is JSON <c>null</c> counts as absent. Getters check type and range; their errors name file and field.
/// Documents do not change: <see cref="With"/> and <see cref="Without"/> return new ones that keep the order and all other fields.
/// </remarks>
public sealed partial class ConfigDocument
{
    /// <summary>Largest file read, 16 MiB: the longest configurations list tens of thousands of labels in about one.</summary>
    private const int MaxFileBytes = 1 << 24;

    private readonly string _prefix;

    private ConfigDocument(JsonElement root, string file, string prefix)
    {
        Root = root;
        File = file;
        _prefix = prefix;
    }

    /// <summary>Path of the file, as errors name it.</summary>
    public string File { get; }

    /// <summary>The object as it stands in the file.</summary>
    public JsonElement Root { get; }

    /// <summary>Names of all fields in the order of the file, those with the value null included.</summary>
    public IEnumerable<string> Names => Root.EnumerateObject().Select(property => property.Name);

    /// <summary>SHA-256 of the fields in their order, whatever the white space between them; lower-case hexadecimal digits.</summary>
    public string Hash
    {
        get
        {
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes))
            {
                Root.WriteTo(writer);
            }

            return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">File.</param>
    /// <param name="maxBytes">Largest size accepted; 16 MiB by default.</param>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ModelFormatException">
    /// The file is larger, not strict JSON (see <see cref="StrictJson"/>), or not an object.
    /// </exception>
    public static ConfigDocument Read(string path, int maxBytes = MaxFileBytes) => FromRoot(StrictJson.ReadFile(path, maxBytes), path);

    /// <summary>Reads a document from memory.</summary>
    /// <param name="utf8">JSON in UTF-8.</param>
    /// <param name="file">Path that errors name.</param>
    /// <exception cref="ModelFormatException">The text is not strict JSON, see <see cref="StrictJson"/>, or not an object.</exception>
    public static ConfigDocument Parse(ReadOnlyMemory<byte> utf8, string file) => FromRoot(StrictJson.Parse(utf8, file), file);

    /// <summary>Whether a field is there with a value other than null.</summary>
    /// <param name="name">Name of the field.</param>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is absent, not a whole number, or out of range.</exception>
    public int GetInt32(string name, int min, int max) => GetInt32OrNull(name, min, max) ?? throw Missing(name, WholeNumber(min, max));

    /// <summary>A whole number, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is not a whole number or out of range.</exception>
    public int? GetInt32OrNull(string name, int min, int max) =>
        Find(name) is { } value ? ToInt32(name, value, min, max, WholeNumber(min, max)) : null;

    /// <summary>A number.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is absent, not a number, or out of range.</exception>
    public double GetDouble(string name, double min = double.MinValue, double max = double.MaxValue) =>
        GetDoubleOrNull(name, min, max) ?? throw Missing(name, Number(min, max));

    /// <summary>A number, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is not a number or out of range.</exception>
    public double? GetDoubleOrNull(string name, double min = double.MinValue, double max = double.MaxValue) =>
        Find(name) is { } value ? ToDouble(name, value, min, max) : null;

    /// <summary>True or false.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is absent or neither true nor false.</exception>
    public bool GetBoolean(string name) => GetBooleanOrNull(name) ?? throw Missing(name, "true or false");

    /// <summary>True or false, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is neither true nor false.</exception>
    public bool? GetBooleanOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(name, value, "true or false"),
    };

    /// <summary>A text.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is absent or not a text.</exception>
    public string GetString(string name) => GetStringOrNull(name) ?? throw Missing(name, "a text");

    /// <summary>A text, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is not a text.</exception>
    public string? GetStringOrNull(string name) => Find(name) is { } value ? ToText(name, value) : null;

    /// <summary>An object inside this one.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is absent or not an object.</exception>
    public ConfigDocument GetObject(string name) => GetObjectOrNull(name) ?? throw Missing(name, "an object");

    /// <summary>An object inside this one, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is not an object.</exception>
    public ConfigDocument? GetObjectOrNull(string name) => Find(name) is { } value ? ToObject(name, value) : null;

    /// <summary>A list of texts, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <exception cref="ModelFormatException">The field is not a list of texts.</exception>
    public IReadOnlyList<string>? GetStringsOrNull(string name) =>
        Find(name) is { } value ? ToList(name, value, (item, element) => ToText(item, element)) : null;

    /// <summary>A list of numbers, or null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is not a list of numbers, or one is out of range.</exception>
    public IReadOnlyList<double>? GetDoublesOrNull(string name, double min = double.MinValue, double max = double.MaxValue) =>
        Find(name) is { } value ? ToList(name, value, (item, element) => ToDouble(item, element, min, max)) : null;

    /// <summary>One whole number or a list of them, such as <c>eos_token_id</c>; null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The field is neither a whole number nor a list of them, or one is out of range.</exception>
    public IReadOnlyList<int>? GetInt32sOrNull(string name, int min, int max) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } list => ToList(name, list, (item, element) => ToInt32(item, element, min, max, WholeNumber(min, max))),
        { } value => [ToInt32(name, value, min, max, $"{WholeNumber(min, max)}, or a list of such")],
    };

    /// <summary>An object of objects named by whole numbers, such as <c>per_layer_config</c>; null when the field is absent.</summary>
    /// <param name="name">Name of the field.</param>
    /// <param name="count">Names must be <c>"0"</c> to count - 1, written without sign and leading zeros; not all need be there.</param>
    /// <exception cref="ModelFormatException">The field is not an object of objects, or a name is no whole number in range.</exception>
    public IReadOnlyDictionary<int, ConfigDocument>? GetObjectsByIndexOrNull(string name, int count)
    {
        if (GetObjectOrNull(name) is not { } parent)
        {
            return null;
        }

        var byIndex = new SortedDictionary<int, ConfigDocument>();
        foreach (string key in parent.Names)
        {
            bool isIndex = int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                && index < count && index.ToString(CultureInfo.InvariantCulture) == key;
            if (!isIndex)
            {
                string expected = $"names from 0 to {MessageText.Count(count - 1)}";
                throw new ModelFormatException(File, Item(name), $"has the name '{MessageText.Shown(key)}'", expected);
            }

            byIndex.Add(index, parent.GetObject(key));
        }

        return byIndex;
    }

    private static ConfigDocument FromRoot(JsonElement root, string file) => root.ValueKind == JsonValueKind.Object
        ? new ConfigDocument(root, file, "")
        : throw new ModelFormatException(file, "file", $"holds {MessageText.Shown(root)}", "a JSON object");

    private static string WholeNumber(int min, int max) => $"a whole number from {MessageText.Count(min)} to {MessageText.Count(max)}";

    private static string Number(double min, double max) => (min, max) switch
    {
        (double.MinValue, double.MaxValue) => "a number",
        (_, double.MaxValue) => string.Create(CultureInfo.InvariantCulture, $"a number of {min} or more"),
        (double.MinValue, _) => string.Create(CultureInfo.InvariantCulture, $"a number of {max} or less"),
        _ => string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"),
    };

    private JsonElement? Find(string name) =>
        Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int ToInt32(string name, JsonElement value, int min, int max, string expected) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw Wrong(name, value, expected);

    private double ToDouble(string name, JsonElement value, double min, double max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= min && number <= max
            ? number
            : throw Wrong(name, value, Number(min, max));

    private string ToText(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, value, "a text");

    private ConfigDocument ToObject(string name, JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? new ConfigDocument(value, File, $"{_prefix}{name}.")
        : throw Wrong(name, value, "an object");

    private List<T> ToList<T>(string name, JsonElement value, Func<string, JsonElement, T> convert)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, value, "a list");
        }

        var list = new List<T>();
        foreach (JsonElement element in value.EnumerateArray())
        {
            list.Add(convert($"{name}[{list.Count}]", element));
        }

        return list;
    }

    private string Item(string name) => $"'{MessageText.Shown(_prefix + name)}'";

    private ModelFormatException Missing(string name, string expected) => new(File, Item(name), "is missing", expected);

    private ModelFormatException Wrong(string name, JsonElement value, string expected) =>
        new(File, Item(name), $"is {MessageText.Shown(value)}", expected);
}
