namespace Niwaki.Formats;

/// <summary>Reads small files whole, and refuses large ones before any memory is taken for them.</summary>
public static class CappedFile
{
    /// <summary>Reads all bytes of a file that came from somebody else.</summary>
    /// <param name="path">File.</param>
    /// <param name="maxBytes">Most bytes accepted; nothing larger is read into memory.</param>
    /// <exception cref="ModelFormatException">The file is larger.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static byte[] ReadAllBytes(string path, int maxBytes)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (stream.CanSeek && stream.Length > maxBytes)
        {
            throw TooLarge(path, stream.Length, maxBytes);
        }

        using var content = new MemoryStream(stream.CanSeek ? (int)stream.Length : 0);
        byte[] chunk = new byte[1 << 16];
        for (int read = stream.Read(chunk); read > 0; read = stream.Read(chunk))
        {
            if (content.Length + read > maxBytes)
            {
                throw TooLarge(path, content.Length + read, maxBytes);
            }

            content.Write(chunk.AsSpan(0, read));
        }

        return content.ToArray();
    }

    private static ModelFormatException TooLarge(string path, long bytes, int maxBytes) =>
        new(path, "file", $"has {MessageText.Count(bytes)} bytes or more", $"at most {MessageText.Count(maxBytes)} bytes");
}
