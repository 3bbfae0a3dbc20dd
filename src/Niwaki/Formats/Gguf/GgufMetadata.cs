using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Niwaki.Formats.Gguf;

/// <summary>The metadata of a GGUF file: values by key, in the order of the file. Getters check type and range; their errors name file and key.</summary>
public sealed class GgufMetadata
{
    private readonly string _file;
    private readonly List<KeyValuePair<string, GgufValue>> _entries;
    private readonly Dictionary<string, GgufValue> _byKey;

    internal GgufMetadata(string file, List<KeyValuePair<string, GgufValue>> entries)
    {
        _file = file;
        _entries = entries;
        _byKey = entries.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>All keys with their values, in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> Entries => _entries;

    /// <summary>The value of a key, or null.</summary>
    /// <param name="key">Key.</param>
    public GgufValue? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>A text.</summary>
    /// <param name="key">Key.</param>
    /// <exception cref="ModelFormatException">The key is missing or its value is no text.</exception>
    public string GetString(string key) => GetStringOrNull(key) ?? throw Missing(key, "a text");

    /// <summary>A text, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <exception cref="ModelFormatException">The value is no text.</exception>
    public string? GetStringOrNull(string key) => Find(key) switch
    {
        null => null,
        { Content: string text } => text,
        { } other => throw Wrong(key, other, "a text"),
    };

    /// <summary>A whole number.</summary>
    /// <param name="key">Key.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The key is missing, or its value is no whole number in the range.</exception>
    public int GetInt32(string key, int min, int max) => GetInt32OrNull(key, min, max) ?? throw Missing(key, WholeNumber(min, max));

    /// <summary>A whole number, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The value is no whole number in the range.</exception>
    public int? GetInt32OrNull(string key, int min, int max) => Find(key) switch
    {
        null => null,
        { } value when value.ToInt64() is { } number && number >= min && number <= max => (int)number,
        { } other => throw Wrong(key, other, WholeNumber(min, max)),
    };

    /// <summary>A number, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The value is no number in the range.</exception>
    public double? GetDoubleOrNull(string key, double min, double max) => Find(key) switch
    {
        null => null,
        { } value when value.ToDouble() is { } number && number >= min && number <= max => number,
        { } other => throw Wrong(key, other, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}")),
    };

    /// <summary>True or false, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <exception cref="ModelFormatException">The value is neither true nor false.</exception>
    public bool? GetBooleanOrNull(string key) => Find(key) switch
    {
        null => null,
        { Content: bool value } => value,
        { } other => throw Wrong(key, other, "true or false"),
    };

    /// <summary>Texts, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <exception cref="ModelFormatException">The value is no array of texts.</exception>
    [SuppressMessage("Performance", "CA1819", Justification = "Arrays as they were read; hundreds of thousands of texts are not copied.")]
    public string[]? GetStringsOrNull(string key) => Find(key) switch
    {
        null => null,
        { Content: string[] texts } => texts,
        { } other => throw Wrong(key, other, "an array of texts"),
    };

    /// <summary>An array of a given number of numbers, or null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <param name="count">Elements expected.</param>
    /// <exception cref="ModelFormatException">The value is no array of so many numbers of 32-bit floating point.</exception>
    public float[]? GetSinglesOrNull(string key, int count) => Find(key) switch
    {
        null => null,
        { Content: float[] values } when values.Length == count => values,
        { } other => throw Wrong(key, other, $"an array of {MessageText.Count(count)} × {GgufValueType.Float32}"),
    };

    /// <summary>An array of a given number of whole numbers, a single number counting for each; null where the key is missing.</summary>
    /// <param name="key">Key.</param>
    /// <param name="count">Elements expected.</param>
    /// <param name="min">Smallest value accepted.</param>
    /// <param name="max">Largest value accepted.</param>
    /// <exception cref="ModelFormatException">The value is neither a whole number nor an array of so many, or one is out of range.</exception>
    public int[]? GetInt32sOrNull(string key, int count, int min, int max)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        long[]? numbers = value.Content is Array ? value.ToInt64s() : value.ToInt64() is { } single ? [.. Enumerable.Repeat(single, count)] : null;
        if (numbers is null || numbers.Length != count)
        {
            throw Wrong(key, value, $"a whole number or an array of {MessageText.Count(count)} of them");
        }

        int bad = Array.FindIndex(numbers, number => number < min || number > max);
        return bad < 0
            ? [.. numbers.Select(number => (int)number)]
            : throw new ModelFormatException(_file, Item(key), $"has {MessageText.Count(numbers[bad])} at place {bad}", WholeNumber(min, max));
    }

    /// <summary>The error for a key that is not there.</summary>
    internal ModelFormatException Missing(string key, string expected) => new(_file, Item(key), "is missing", expected);

    /// <summary>The error for a value that a key must not have.</summary>
    internal ModelFormatException Wrong(string key, GgufValue value, string expected) => new(_file, Item(key), $"is {value}", expected);

    private static string Item(string key) => $"metadata '{MessageText.Shown(key)}'";

    private static string WholeNumber(int min, int max) => $"a whole number from {MessageText.Count(min)} to {MessageText.Count(max)}";
}
