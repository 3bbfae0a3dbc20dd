using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>The lines of a journal: JSON objects, the first one a header.</summary>
internal static class JournalLine
{
    /// <summary>Longest line, its end excluded: twice the longest that is written.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Longest key.</summary>
    public const int MaxKeyLength = 200;

    private const string Format = "niwaki-journal";
    private const int Version = 1;

    /// <summary>Escapes what JSON needs and no more: keys are ASCII and no browser reads them.</summary>
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a text may be a key or the name of a vector width: 1 to 200 printable ASCII characters.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxKeyLength && text.All(c => c is >= ' ' and <= '~');

    /// <summary>The header with its line end.</summary>
    /// <param name="vectorPath">The vector width.</param>
    /// <param name="source">Tells the weights of the model from others; null: not known.</param>
    public static ReadOnlyMemory<byte> Header(string vectorPath, string? source) => Write(json =>
    {
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("vector", vectorPath);
        if (source is not null)
        {
            json.WriteString("source", source);
        }
    });

    /// <summary>An entry with its line end.</summary>
    public static ReadOnlyMemory<byte> Entry(JournalEntry entry) => Write(json =>
    {
        json.WriteString("key", entry.Key);
        WriteNumber(json, "loss", entry.Record.LossNats);
        json.WriteNumber("tokens", entry.Record.Tokens);
        json.WriteNumber("seconds", entry.Record.Seconds);
    });

    /// <summary>Reads the header.</summary>
    /// <param name="line">The line without its end.</param>
    /// <param name="file">Path that errors name.</param>
    /// <returns>The vector width, and what tells the weights of the model from others; null where the header does not.</returns>
    public static (string VectorPath, string? Source) ReadHeader(ReadOnlyMemory<byte> line, string file)
    {
        JsonElement root = Parse(line, file, 0, optional: "source", "format", "version", "vector");
        JsonElement format = root.GetProperty("format");
        if (format.ValueKind != JsonValueKind.String || !format.ValueEquals(Format))
        {
            throw new ModelFormatException(file, "'format'", $"is {MessageText.Shown(format)}", $"\"{Format}\"", 0);
        }

        JsonElement version = root.GetProperty("version");
        if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != Version)
        {
            string step = "A later version of Niwaki may read it.";
            throw new ModelFormatException(file, "'version'", $"is {MessageText.Shown(version)}", ScalarText.Number(Version), 0, step);
        }

        return (Name(root, "vector", file, 0), root.TryGetProperty("source", out _) ? Name(root, "source", file, 0) : null);
    }

    /// <summary>Reads an entry.</summary>
    /// <param name="line">The line without its end.</param>
    /// <param name="file">Path that errors name.</param>
    /// <param name="byteOffset">Where the line begins in the file.</param>
    public static JournalEntry ReadEntry(ReadOnlyMemory<byte> line, string file, long byteOffset)
    {
        JsonElement root = Parse(line, file, byteOffset, optional: null, "key", "loss", "tokens", "seconds");
        double loss = Number(root, "loss", file, byteOffset);
        JsonElement seconds = root.GetProperty("seconds");
        if (seconds.ValueKind != JsonValueKind.Number || seconds.GetDouble() < 0)
        {
            throw new ModelFormatException(file, "'seconds'", $"is {MessageText.Shown(seconds)}", "a number, 0 or more", byteOffset);
        }

        JsonElement tokens = root.GetProperty("tokens");
        if (tokens.ValueKind != JsonValueKind.Number || !tokens.TryGetInt64(out long count) || count < 0)
        {
            throw new ModelFormatException(file, "'tokens'", $"is {MessageText.Shown(tokens)}", "a whole number, 0 or more", byteOffset);
        }

        return new JournalEntry(Name(root, "key", file, byteOffset), new EvaluationRecord(loss, count, seconds.GetDouble()));
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> writeFields)
    {
        var line = new ArrayBufferWriter<byte>();
        using (Utf8JsonWriter json = new(line, WriterOptions))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }

    /// <summary>JSON numbers are finite; the others are words. Finite ones are the shortest text that reads back to the same bits.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> line, string file, long byteOffset, string? optional, params ReadOnlySpan<string> names)
    {
        StrictJson.Check(line.Span, file, byteOffset);
        using var document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement.Clone();
        string expected = $"an object with {string.Join(", ", names.ToArray())}";
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(file, "line", $"is {MessageText.Shown(root)}", expected, byteOffset);
        }

        foreach (string name in names)
        {
            if (!root.TryGetProperty(name, out _))
            {
                throw new ModelFormatException(file, "line", $"has no '{name}'", expected, byteOffset);
            }
        }

        int count = root.EnumerateObject().Count(field => field.Name != optional);
        return count == names.Length
            ? root
            : throw new ModelFormatException(file, "line", $"has {MessageText.Count(count)} fields", expected, byteOffset);
    }

    private static string Name(JsonElement root, string name, string file, long byteOffset)
    {
        JsonElement value = root.GetProperty(name);
        return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && IsName(text)
            ? text
            : throw new ModelFormatException(file, $"'{name}'", $"is {MessageText.Shown(value)}", "1 to 200 printable ASCII characters", byteOffset);
    }

    private static double Number(JsonElement root, string name, string file, long byteOffset)
    {
        JsonElement value = root.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.GetDouble();
        }

        return (value.ValueKind == JsonValueKind.String ? value.GetString() : null) switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => throw new ModelFormatException(
                file, $"'{name}'", $"is {MessageText.Shown(value)}", "a number, \"NaN\", \"Infinity\" or \"-Infinity\"", byteOffset),
        };
    }
}
