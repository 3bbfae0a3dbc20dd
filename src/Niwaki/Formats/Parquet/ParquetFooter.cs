namespace Niwaki.Formats.Parquet;

/// <summary>What the end of a file says about the rest: columns, rows, and where their values lie.</summary>
/// <param name="Columns">Columns.</param>
/// <param name="Groups">Groups of rows.</param>
internal sealed record ParquetFooter(IReadOnlyList<ParquetColumn> Columns, IReadOnlyList<ParquetRowGroup> Groups)
{
    private const int MostGroups = 1 << 16;
    private const long MostRows = 1 << 22;
    private const long MostValues = 1 << 24;

    /// <summary>Reads it.</summary>
    /// <param name="cursor">Its bytes.</param>
    /// <param name="fileBytes">Bytes of the file in front of it.</param>
    public static ParquetFooter Read(ParquetCursor cursor, long fileBytes)
    {
        IReadOnlyList<ParquetColumn>? columns = null;
        var groups = new List<ParquetRowGroup>();
        long rows = -1;
        cursor.Structure("footer", (id, type) =>
        {
            switch (id, type)
            {
                case (2, ThriftType.List):
                    columns = ParquetSchema.Read(cursor);
                    return true;
                case (3, ThriftType.Int64):
                    rows = cursor.Signed("number of rows", 0, MostRows);
                    return true;
                case (4, ThriftType.List):
                    int count = cursor.List("row groups", ThriftType.Structure, MostGroups);
                    for (int i = 0; i < count; i++)
                    {
                        groups.Add(ReadGroup(cursor, columns?.Count ?? 0, fileBytes));
                    }

                    return true;
                default:
                    return false;
            }
        });
        if (columns is null || groups.Sum(group => group.Rows) != rows)
        {
            throw cursor.Fault("footer", columns is null ? "has no schema" : $"has {rows} rows and groups of {groups.Sum(group => group.Rows)}", columns is null ? "one" : "the same number");
        }

        return new ParquetFooter(columns, groups);
    }

    private static ParquetRowGroup ReadGroup(ParquetCursor cursor, int columns, long fileBytes)
    {
        var chunks = new List<ParquetChunk>();
        long rows = 0;
        cursor.Structure("row group", (id, type) =>
        {
            switch (id, type)
            {
                case (1, ThriftType.List):
                    int count = cursor.List("column chunks", ThriftType.Structure, columns);
                    for (int i = 0; i < count; i++)
                    {
                        chunks.Add(ReadChunk(cursor, i, fileBytes));
                    }

                    return true;
                case (3, ThriftType.Int64):
                    rows = cursor.Signed("rows of a group", 0, MostRows);
                    return true;
                default:
                    return false;
            }
        });
        return chunks.Count == columns ? new ParquetRowGroup(rows, chunks) : throw cursor.Fault("row group", $"has {chunks.Count} columns", $"{columns}, as the schema");
    }

    private static ParquetChunk ReadChunk(ParquetCursor cursor, int column, long fileBytes)
    {
        ParquetChunk? chunk = null;
        cursor.Structure("column chunk", (id, type) =>
        {
            if (id == 1 && type == ThriftType.Binary)
            {
                throw cursor.Unsupported($"column {column}", $"lies in another file, '{MessageText.Shown(cursor.Text("file path"))}'", "one file for all columns");
            }

            if ((id, type) != (3, ThriftType.Structure))
            {
                return false;
            }

            chunk = ReadChunkMetadata(cursor, column, fileBytes);
            return true;
        });
        return chunk ?? throw cursor.Fault("column chunk", "has no metadata", "them beside the chunk");
    }

    private static ParquetChunk ReadChunkMetadata(ParquetCursor cursor, int column, long fileBytes)
    {
        int codec = 0;
        long values = -1, bytes = -1, data = -1;
        long? dictionary = null;
        cursor.Structure("column metadata", (id, type) =>
        {
            switch (id, type)
            {
                case (4, ThriftType.Int32):
                    codec = (int)cursor.Signed("codec", 0, 255);
                    return true;
                case (5, ThriftType.Int64):
                    values = cursor.Signed("number of values", 0, MostValues);
                    return true;
                case (7, ThriftType.Int64):
                    bytes = cursor.Signed("size of a column", 0, fileBytes);
                    return true;
                case (9, ThriftType.Int64):
                    data = cursor.Signed("offset of a column", 0, fileBytes);
                    return true;
                case (11, ThriftType.Int64):
                    dictionary = cursor.Signed("offset of a dictionary", 0, fileBytes);
                    return true;
                default:
                    return false;
            }
        });

        // Some writers note a dictionary at 0 where there is none.
        long offset = dictionary is > 0 && dictionary < data ? dictionary.Value : data;
        return values >= 0 && bytes >= 0 && offset >= 4 && offset <= fileBytes - bytes
            ? new ParquetChunk(column, codec, values, offset, bytes)
            : throw cursor.Fault("column metadata", $"names {values} values in {bytes} bytes from {offset}", $"values in bytes 4 to {MessageText.Count(fileBytes)}");
    }
}
