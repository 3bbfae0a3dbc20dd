using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Niwaki.Formats;

/// <summary>Reads JSON (RFC 8259) without the doubts: what two readers could understand differently is refused.</summary>
/// <remarks>
/// Refused are names that appear twice in one object, numbers that are not finite in float64, invalid UTF-8, unpaired surrogates,
/// comments, trailing commas, anything after the value, more than <see cref="MaxDepth"/> nested arrays and objects, and files over a
/// size limit. A UTF-8 byte order mark at the start is skipped. Every error names the file and the byte.
/// </remarks>
public static class StrictJson
{
    /// <summary>Arrays and objects inside each other; the deepest model files have about ten.</summary>
    public const int MaxDepth = 64;

    /// <summary>Largest file read by default, 64 MiB: twice the largest tokenizer.json seen.</summary>
    public const int DefaultMaxBytes = 1 << 26;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth + 1 };

    /// <summary>Reads a file.</summary>
    /// <param name="path">File.</param>
    /// <param name="maxBytes">Largest size accepted, 1 to 1 GiB.</param>
    /// <returns>The value, independent of the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The size limit is not from 1 to 1 GiB.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ModelFormatException">The file is too large or breaks a rule of this class.</exception>
    public static JsonElement ReadFile(string path, int maxBytes = DefaultMaxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxBytes, 1 << 30);
        return Parse(CappedFile.ReadAllBytes(path, maxBytes), path);
    }

    /// <summary>Reads a value from memory.</summary>
    /// <param name="utf8">The text in UTF-8.</param>
    /// <param name="file">Path that errors name.</param>
    /// <returns>The value, independent of the memory.</returns>
    /// <exception cref="ModelFormatException">The text breaks a rule of this class.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        int start = utf8.Span.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        utf8 = utf8[start..];
        Check(utf8.Span, file, start);
        using var document = JsonDocument.Parse(utf8);
        return document.RootElement.Clone();
    }

    /// <summary>Checks the rules of this class without keeping a value; afterwards a plain reader over the same bytes cannot fail.</summary>
    /// <param name="utf8">The text in UTF-8, without byte order mark.</param>
    /// <param name="file">Path that errors name.</param>
    /// <param name="firstByte">Position of the text inside the file, added to the positions in errors.</param>
    /// <exception cref="ModelFormatException">The text breaks a rule of this class.</exception>
    public static void Check(ReadOnlySpan<byte> utf8, string file, long firstByte = 0)
    {
        ArgumentNullException.ThrowIfNull(file);
        CheckEncoding(utf8, file, firstByte);
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        var names = new Stack<HashSet<string>?>();
        try
        {
            while (reader.Read())
            {
                CheckToken(ref reader, names, file, firstByte);
            }
        }
        catch (JsonException error)
        {
            long position = firstByte + OffsetOf(utf8, error);
            throw new ModelFormatException(file, "JSON", $"is broken ({Reason(error)})", "one well-formed value", position, innerException: error);
        }
    }

    private static void CheckToken(ref Utf8JsonReader reader, Stack<HashSet<string>?> names, string file, long firstByte)
    {
        long position = firstByte + reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                if (reader.CurrentDepth >= MaxDepth)
                {
                    string found = $"is nested more than {MaxDepth} levels deep";
                    throw new ModelFormatException(file, "JSON", found, $"at most {MaxDepth} levels", position);
                }

                names.Push(reader.TokenType == JsonTokenType.StartObject ? new HashSet<string>(StringComparer.Ordinal) : null);
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                names.Pop();
                break;
            case JsonTokenType.PropertyName:
                string name = Text(ref reader, file, position);
                if (!names.Peek()!.Add(name))
                {
                    string item = $"name '{MessageText.Shown(name)}'";
                    throw new ModelFormatException(file, item, "appears twice in one object", "each name once", position);
                }

                break;
            case JsonTokenType.String when reader.ValueIsEscaped:
                _ = Text(ref reader, file, position);
                break;
            case JsonTokenType.Number when !reader.TryGetDouble(out double number) || !double.IsFinite(number):
                string digits = MessageText.Shown(Encoding.UTF8.GetString(reader.ValueSpan));
                throw new ModelFormatException(file, $"number {digits}", "overflows", "a number that float64 can hold", position);
        }
    }

    private static string Text(ref Utf8JsonReader reader, string file, long position)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            // The bytes are valid UTF-8, so what is left is an escape such as "\ud800" without its second half.
            throw new ModelFormatException(file, "text", "holds half a surrogate pair", "whole characters", position, innerException: error);
        }
    }

    private static void CheckEncoding(ReadOnlySpan<byte> utf8, string file, long firstByte)
    {
        if (Utf8.IsValid(utf8))
        {
            return;
        }

        int position = 0;
        while (Rune.DecodeFromUtf8(utf8[position..], out _, out int length) == OperationStatus.Done)
        {
            position += length;
        }

        throw new ModelFormatException(file, $"byte 0x{utf8[position]:X2}", "is not valid UTF-8", "JSON in UTF-8", firstByte + position);
    }

    /// <summary>The offset of an error that the reader gives as line and byte in that line.</summary>
    private static long OffsetOf(ReadOnlySpan<byte> utf8, JsonException error)
    {
        int lineStart = 0;
        for (long line = error.LineNumber ?? 0; line > 0; line--)
        {
            lineStart += utf8[lineStart..].IndexOf((byte)'\n') + 1;
        }

        return lineStart + (error.BytePositionInLine ?? 0);
    }

    /// <summary>The reader's own words without the place, which is given as a byte position.</summary>
    private static string Reason(JsonException error)
    {
        int place = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string reason = place < 0 ? error.Message : error.Message[..place];
        return MessageText.Shown(reason.TrimEnd('.', ' '));
    }
}
