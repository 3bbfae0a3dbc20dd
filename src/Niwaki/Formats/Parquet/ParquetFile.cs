using System.Text.Json.Nodes;

namespace Niwaki.Formats.Parquet;

/// <summary>Reads tables in Apache Parquet, as the hub serves data sets.</summary>
/// <remarks>
/// Single values, lists of them, and both inside groups; truth values, 32- and 64-bit numbers and texts; plain and dictionary pages of both versions; no
/// compression, snappy and gzip. Everything else is refused by its name. The whole table is read into memory: at most 2^22 rows.
/// </remarks>
public static class ParquetFile
{
    private const int LargestFooter = 64 << 20;
    private const long LargestTotal = 4L << 30;
    private const int MarkBytes = 4;

    private static ReadOnlySpan<byte> Mark => "PAR1"u8;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Rows with their fields by name; groups are objects, lists arrays, what is missing null.</returns>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">It uses something that is not supported; the message names it.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IReadOnlyList<JsonObject> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        ParquetFooter footer = ReadFooter(file, path);
        ThrowIfTooLarge(footer, path);
        var rows = new List<JsonObject>();
        foreach (ParquetRowGroup group in footer.Groups)
        {
            int first = rows.Count;
            for (long i = 0; i < group.Rows; i++)
            {
                rows.Add([]);
            }

            foreach (ParquetChunk chunk in group.Chunks)
            {
                ParquetColumn column = footer.Columns[chunk.Column];
                var cursor = new ParquetCursor(path, Bytes(file, path, chunk.Offset, checked((int)chunk.Bytes)), chunk.Offset);
                IReadOnlyList<JsonNode?> values = new ParquetColumnReader(column, chunk, cursor).Read();
                if (values.Count != group.Rows)
                {
                    throw cursor.Fault($"column '{MessageText.Shown(column.Name)}'", $"has {values.Count} rows", $"{group.Rows}, as its group");
                }

                for (int i = 0; i < values.Count; i++)
                {
                    Put(rows[first + i], column, values[i]);
                }
            }
        }

        return rows;
    }

    private static ParquetFooter ReadFooter(FileStream file, string path)
    {
        long length = file.Length;
        byte[] head = Bytes(file, path, 0, (int)Math.Min(length, MarkBytes));
        byte[] tail = Bytes(file, path, Math.Max(0, length - (2 * MarkBytes)), (int)Math.Min(length, 2 * MarkBytes));
        if (length < 3 * MarkBytes || !head.AsSpan().SequenceEqual(Mark) || !tail.AsSpan(MarkBytes).SequenceEqual(Mark))
        {
            bool isEncrypted = tail.AsSpan().EndsWith("PARE"u8);
            throw isEncrypted
                ? new UnsupportedModelException(path, "footer", "is encrypted ('PARE')", "a plain one")
                : new ModelFormatException(path, "file", $"of {MessageText.Count(length)} bytes does not begin and end with 'PAR1'", "a Parquet file");
        }

        int size = new ParquetCursor(path, tail, length - (2 * MarkBytes)).Int32("size of the footer");
        long start = length - (2 * MarkBytes) - size;
        return size is > 0 and <= LargestFooter && start >= MarkBytes
            ? ParquetFooter.Read(new ParquetCursor(path, Bytes(file, path, start, size), start), start)
            : throw new ModelFormatException(path, "footer", $"has {MessageText.Count(size)} bytes", $"1 to {MessageText.Count(Math.Min(LargestFooter, length))}", length - (2 * MarkBytes));
    }

    /// <summary>Columns may share their bytes in a file that was made to be large in memory.</summary>
    private static void ThrowIfTooLarge(ParquetFooter footer, string path)
    {
        long bytes = footer.Groups.Sum(group => group.Chunks.Sum(chunk => chunk.Bytes));
        long values = footer.Groups.Sum(group => group.Chunks.Sum(chunk => chunk.Values));
        const long MostValues = 1 << 24;
        if (bytes > LargestTotal || values > MostValues || footer.Groups.Any(group => group.Chunks.Any(chunk => chunk.Bytes > int.MaxValue - 64)))
        {
            throw new ModelFormatException(
                path, "table", $"has {MessageText.Count(values)} values in {MessageText.Count(bytes)} bytes", $"at most {MessageText.Count(MostValues)} in {MessageText.Count(LargestTotal)}");
        }
    }

    private static void Put(JsonObject row, ParquetColumn column, JsonNode? value)
    {
        JsonObject fields = row;
        foreach (string name in column.Fields.SkipLast(1))
        {
            if (fields[name] is not JsonObject inner)
            {
                inner = [];
                fields[name] = inner;
            }

            fields = inner;
        }

        fields[column.Fields[^1]] = value;
    }

    private static byte[] Bytes(FileStream file, string path, long start, int count)
    {
        byte[] bytes = new byte[count];
        file.Position = start;
        int read = file.ReadAtLeast(bytes, count, throwOnEndOfStream: false);
        return read == count ? bytes : throw new ModelFormatException(path, "file", $"ends after {MessageText.Count(read)} bytes", $"{MessageText.Count(count)} from here", start);
    }
}
