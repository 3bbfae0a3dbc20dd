using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Niwaki.Datasets;

/// <summary>Reads documents to train on: a text file, an archive of text files, or a file with one JSON value a line.</summary>
public static class TextCollection
{
    private const int LargestEntryCount = 1 << 20;
    private const long LargestTotalBytes = 64L << 30; // more tokens than this engine can train on
    private const string ExpectedLine = "a JSON string, or an object with a string 'text'";

    /// <summary>Whether a file holds documents, as its name says: <c>.zip</c> and <c>.jsonl</c>. Everything else is one text.</summary>
    /// <param name="path">The file.</param>
    public static bool HoldsDocuments(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.GetExtension(path).ToUpperInvariant() is ".ZIP" or ".JSONL";
    }

    /// <summary>Reads the documents of a file, one at a time.</summary>
    /// <remarks>
    /// <c>.zip</c>: every entry that ends in <c>.txt</c>, in the order of the names. <c>.jsonl</c>: in every line that is not empty a JSON string, or an object with
    /// the text in its field <c>text</c>. Everything else is one text. UTF-8; documents of white space alone are left out. Lines of text files end in
    /// <c>\n</c>, whatever they end in there: a model that learned <c>\r\n</c> is surprised by every line of other texts. JSON strings stay as they are.
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Largest size of all texts together, in bytes of UTF-8. Default: 64 GiB.</param>
    /// <exception cref="DatasetException">The file holds no text, is no archive or no JSON lines where its name says so, or is too large.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static IEnumerable<TextDocument> Read(string path, long maxBytes = LargestTotalBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        IEnumerable<TextDocument> documents = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".ZIP" => ReadArchive(path),
            ".JSONL" => ReadLines(path),
            _ => [new TextDocument(path, WithPlainLineEnds(TextFile.Read(path)))],
        };
        bool any = false;
        long total = 0;
        foreach (TextDocument document in documents)
        {
            total += Encoding.UTF8.GetByteCount(document.Text);
            if (total > maxBytes)
            {
                throw new DatasetException(
                    document.Name,
                    FormattableString.Invariant($"brings the texts to {total:N0} bytes"),
                    FormattableString.Invariant($"at most {maxBytes:N0} in all"),
                    "Give a part of them.");
            }

            if (!string.IsNullOrWhiteSpace(document.Text))
            {
                any = true;
                yield return document;
            }
        }

        if (!any)
        {
            throw new DatasetException(path, "holds no text", "at least one document", "Was the right file given?");
        }
    }

    private static IEnumerable<TextDocument> ReadArchive(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        using ZipArchive archive = OpenArchive(file, path);
        foreach (ZipArchiveEntry entry in Entries(archive, path))
        {
            string name = $"{path}/{entry.FullName}";
            yield return new TextDocument(name, WithPlainLineEnds(ReadEntry(entry, name)));
        }
    }

    private static string WithPlainLineEnds(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private static ZipArchive OpenArchive(FileStream file, string path)
    {
        try
        {
            return new ZipArchive(file, ZipArchiveMode.Read);
        }
        catch (InvalidDataException exception)
        {
            throw Broken(path, exception);
        }
    }

    private static List<ZipArchiveEntry> Entries(ZipArchive archive, string path)
    {
        try
        {
            if (archive.Entries.Count > LargestEntryCount)
            {
                throw new DatasetException(
                    path,
                    FormattableString.Invariant($"has {archive.Entries.Count:N0} entries"),
                    FormattableString.Invariant($"at most {LargestEntryCount:N0}"),
                    "Put the texts together into fewer files.");
            }

            return [.. archive.Entries.Where(entry => entry.FullName.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)).OrderBy(entry => entry.FullName, StringComparer.Ordinal)];
        }
        catch (InvalidDataException exception)
        {
            throw Broken(path, exception);
        }
    }

    private static string ReadEntry(ZipArchiveEntry entry, string name)
    {
        try
        {
            using Stream stream = entry.Open();
            return TextFile.ReadCapped(stream, name, TextFile.DefaultMaxBytes, entry.Length);
        }
        catch (InvalidDataException exception)
        {
            throw Broken(name, exception);
        }
    }

    private static DatasetException Broken(string name, InvalidDataException exception) =>
        new(name, $"cannot be unpacked ({exception.Message})", "a zip archive of .txt files", "Make the archive anew.");

    private static IEnumerable<TextDocument> ReadLines(string path) =>
        JsonLines.Read(path, ExpectedLine).Select(line => new TextDocument(line.Place, TextOf(line.Value, line.Place)));

    private static string TextOf(JsonElement value, string place)
    {
        JsonElement text = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("text", out JsonElement field) ? field : value;
        return text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : throw new DatasetException(place, $"holds {text.ValueKind} and no text", ExpectedLine, "Correct or remove the line.");
    }
}
