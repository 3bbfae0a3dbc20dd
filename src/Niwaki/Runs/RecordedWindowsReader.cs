using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>Takes the fields of a windows file out of its JSON, each with its own error.</summary>
internal sealed class RecordedWindowsReader
{
    /// <summary>2^24 ids of up to seven digits with their commas, and room to spare.</summary>
    private const int MaxBytes = 1 << 28;

    private readonly string _file;
    private readonly JsonElement _root;

    /// <summary>Reads a file.</summary>
    public RecordedWindowsReader(string file)
    {
        _file = file;
        _root = StrictJson.ReadFile(file, MaxBytes);
        if (_root.ValueKind != JsonValueKind.Object)
        {
            throw Fault("file", _root, "an object with 'format' and 'windows'");
        }
    }

    /// <summary>Checks that the file is what it should be.</summary>
    public void RequireFormat(string format, int version)
    {
        if (TextOrNull("format") != format)
        {
            throw Fault("'format'", Field("format"), $"\"{format}\"");
        }

        if (Integer("version") != version)
        {
            throw Fault("'version'", Field("version"), ScalarText.Number(version));
        }
    }

    /// <summary>Who wrote the text.</summary>
    public TextSource Source() => TextOrNull("source") switch
    {
        "self" => TextSource.Self,
        "file" => TextSource.File,
        _ => throw Fault("'source'", Field("source"), "\"self\" or \"file\""),
    };

    /// <summary>A text or null.</summary>
    public string? TextOrNull(string name) => Field(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Null } => null,
        var other => throw Fault($"'{name}'", other, "a text"),
    };

    /// <summary>A whole number.</summary>
    public long Integer(string name) =>
        Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number)
            ? number
            : throw Fault($"'{name}'", Field(name), "a whole number of at most 64 bits");

    /// <summary>A number.</summary>
    public double Number(string name) =>
        Field(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : throw Fault($"'{name}'", Field(name), "a number");

    /// <summary>Windows of one length.</summary>
    public int[][] Windows(string name, int vocabularySize)
    {
        JsonElement rows = Field(name);
        int count = LengthOf(rows, $"'{name}'", 1);
        int window = LengthOf(rows[0], "window 0", 2);
        if ((long)count * window > RecordedWindows.MaxTokens)
        {
            string found = $"hold {MessageText.Count((long)count * window)} tokens";
            throw new ModelFormatException(_file, $"'{name}'", found, $"at most {MessageText.Count(RecordedWindows.MaxTokens)}");
        }

        int[][] windows = new int[count][];
        foreach ((int row, JsonElement ids) in rows.EnumerateArray().Index())
        {
            windows[row] = Window(ids, row, window, vocabularySize);
        }

        return windows;
    }

    private int[] Window(JsonElement ids, int row, int length, int vocabularySize)
    {
        if (LengthOf(ids, $"window {row}", 2) is int found && found != length)
        {
            throw new ModelFormatException(_file, $"window {row}", $"has {found} tokens", $"{length}, as the first one has");
        }

        int[] window = new int[length];
        foreach ((int column, JsonElement value) in ids.EnumerateArray().Index())
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int id) || id < 0 || id >= vocabularySize)
            {
                throw Fault($"window {row}, token {column}", value, $"an id from 0 to {MessageText.Count(vocabularySize - 1)}");
            }

            window[column] = id;
        }

        return window;
    }

    private int LengthOf(JsonElement array, string item, int least) =>
        array.ValueKind == JsonValueKind.Array && array.GetArrayLength() >= least
            ? array.GetArrayLength()
            : throw Fault(item, array, $"an array of {least} or more");

    private JsonElement Field(string name) =>
        _root.TryGetProperty(name, out JsonElement value) ? value : throw new ModelFormatException(_file, "file", $"has no '{name}'", "that field");

    private ModelFormatException Fault(string item, JsonElement found, string expected) =>
        new(_file, item, $"is {MessageText.Shown(found)}", expected);
}
