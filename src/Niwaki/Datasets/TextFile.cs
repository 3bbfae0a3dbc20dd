using System.Text;

namespace Niwaki.Datasets;

/// <summary>Reads texts to calibrate with and to measure on.</summary>
public static class TextFile
{
    /// <summary>Largest text read where nothing else is asked: 512 MiB, half of what a string can hold, some 120 million tokens.</summary>
    public const long DefaultMaxBytes = 512L << 20;

    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads a whole file as UTF-8. A byte order mark is dropped; bytes that are no UTF-8 become U+FFFD. Line ends stay as they are.</summary>
    /// <param name="path">The file; a pipe will do.</param>
    /// <param name="maxBytes">Largest size, 1 to <see cref="DefaultMaxBytes"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBytes"/> is out of range.</exception>
    /// <exception cref="DatasetException">The file is larger than <paramref name="maxBytes"/>, holds nothing but white space, or begins with the
    /// byte order mark of UTF-16.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static string Read(string path, long maxBytes = DefaultMaxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxBytes, DefaultMaxBytes);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        string text = ReadCapped(file, path, maxBytes, file.CanSeek ? file.Length : null);
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new DatasetException(path, "holds no text", "at least one word", "Was the right file given?");
        }

        return text;
    }

    /// <summary>Reads a stream to its end as UTF-8; counts while it reads, because pipes do not know their length and archives may lie about it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">Name of the text in messages.</param>
    /// <param name="maxBytes">Largest size.</param>
    /// <param name="length">Bytes that it says it has, or null.</param>
    internal static string ReadCapped(Stream stream, string name, long maxBytes, long? length)
    {
        using var bytes = new MemoryStream((int)Math.Min(length ?? 0, Math.Min(maxBytes, 64 * ChunkBytes)));
        byte[] chunk = new byte[ChunkBytes];
        int count;
        while ((count = stream.Read(chunk)) > 0)
        {
            if (bytes.Length + count > maxBytes)
            {
                throw new DatasetException(
                    name,
                    length > maxBytes ? FormattableString.Invariant($"has {length:N0} bytes") : "goes on",
                    FormattableString.Invariant($"at most {maxBytes:N0}"),
                    "Pruning and measuring rarely use more than a few million tokens: give a part of it. To train on more, give several files, or a .zip of them.");
            }

            bytes.Write(chunk, 0, count);
        }

        return Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name);
    }

    private static string Decode(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new DatasetException(path, "begins with the byte order mark of UTF-16", "UTF-8", "Save it as UTF-8.");
        }

        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        return Encoding.UTF8.GetString(bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes);
    }
}
