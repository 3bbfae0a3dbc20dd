using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>Cuts a journal into lines without trusting their length.</summary>
internal static class JournalLines
{
    /// <summary>Some hundred lines at a time.</summary>
    private const int BufferBytes = 1 << 16;

    /// <summary>The lines that have an end, and where each begins. A last one without an end is left out.</summary>
    /// <param name="stream">The file; read from its start.</param>
    /// <returns>Lines without their ends, valid until the next one is asked for.</returns>
    /// <exception cref="ModelFormatException">A line is longer than <see cref="JournalLine.MaxBytes"/>.</exception>
    public static IEnumerable<(ReadOnlyMemory<byte> Line, long ByteOffset)> Read(FileStream stream)
    {
        byte[] buffer = new byte[BufferBytes];
        long bufferOffset = 0;
        int filled = 0;
        stream.Position = 0;
        for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer, filled, buffer.Length - filled))
        {
            filled += read;
            int start = 0;
            for (int length = LineLength(buffer, start, filled); length >= 0; length = LineLength(buffer, start, filled))
            {
                ThrowIfTooLong(stream.Name, length, bufferOffset + start);
                yield return (buffer.AsMemory(start, length), bufferOffset + start);
                start += length + 1;
            }

            ThrowIfTooLong(stream.Name, filled - start, bufferOffset + start);
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            bufferOffset += start;
            filled -= start;
        }
    }

    private static int LineLength(byte[] buffer, int start, int end) => buffer.AsSpan(start, end - start).IndexOf((byte)'\n');

    private static void ThrowIfTooLong(string file, int length, long byteOffset)
    {
        if (length > JournalLine.MaxBytes)
        {
            string found = $"has {MessageText.Count(length)} bytes or more";
            throw new ModelFormatException(file, "line", found, $"at most {MessageText.Count(JournalLine.MaxBytes)}", byteOffset);
        }
    }
}
