using System.Text.Json;
using Niwaki.Formats;

namespace Niwaki.Datasets;

/// <summary>Reads a file with one JSON value a line, of which only a line at a time is in memory.</summary>
internal static class JsonLines
{
    private const int LargestLine = 64 << 20;

    /// <summary>The values with the places where they stand, such as <c>a.jsonl, line 3</c>; empty lines are passed over.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="expected">What a line should hold, for messages.</param>
    /// <exception cref="DatasetException">A line breaks a rule of <see cref="StrictJson"/>, or is longer than 64 MiB.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static IEnumerable<(string Place, JsonElement Value)> Read(string path, string expected)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        byte[] buffer = new byte[1 << 16];
        int start = 0, seen = 0, end = 0; // the line begins, was looked through, was read
        for (long number = 1; ; number++)
        {
            string place = FormattableString.Invariant($"{path}, line {number}");
            int length;
            bool isLast = false;
            while ((length = buffer.AsSpan(seen, end - seen).IndexOf((byte)'\n')) < 0 && !isLast)
            {
                seen = end;
                if (start > 0)
                {
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (seen, end, start) = (seen - start, end - start, 0);
                }
                else if (end == buffer.Length)
                {
                    Array.Resize(ref buffer, 2 * end);
                }

                int read = file.Read(buffer, end, buffer.Length - end);
                end += read;
                isLast = read == 0;
                ThrowIfLong(end - start, place);
            }

            int behind = length < 0 ? end : seen + length;
            ReadOnlyMemory<byte> line = buffer.AsMemory(start, behind - start);
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                yield return (place, Parse(line, place, expected));
            }

            if (length < 0)
            {
                yield break;
            }

            start = seen = behind + 1;
        }
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> line, string place, string expected)
    {
        try
        {
            return StrictJson.Parse(line, place);
        }
        catch (ModelFormatException exception)
        {
            throw new DatasetException(place, $"is no JSON ({exception.Message})", expected, "Correct or remove the line.");
        }
    }

    private static void ThrowIfLong(int length, string place)
    {
        if (length > LargestLine)
        {
            throw new DatasetException(
                place, FormattableString.Invariant($"has more than {LargestLine:N0} bytes"), FormattableString.Invariant($"at most {LargestLine:N0}"), "Break it into several lines.");
        }
    }
}
