namespace Niwaki.Formats.Parquet;

/// <summary>The head of a page.</summary>
internal sealed record ParquetPage
{
    /// <summary>Most bytes that a page unpacks to, 256 MiB; writers make pages of about 1 MiB.</summary>
    private const int MostBytes = 256 << 20;

    /// <summary>0: values; 2: a dictionary; 3: values, second version.</summary>
    public int Kind { get; private set; } = -1;

    /// <summary>Bytes in the file.</summary>
    public int Packed { get; private set; }

    /// <summary>Bytes when unpacked.</summary>
    public int Unpacked { get; private set; }

    /// <summary>Values, those that are missing included.</summary>
    public int Values { get; private set; }

    /// <summary>Number of the encoding of the values.</summary>
    public int Encoding { get; private set; }

    /// <summary>Second version: bytes of the definition levels.</summary>
    public int DefinitionBytes { get; private set; }

    /// <summary>Second version: bytes of the repetition levels.</summary>
    public int RepetitionBytes { get; private set; }

    /// <summary>Second version: whether the values are packed.</summary>
    public bool IsPacked { get; private set; } = true;

    /// <summary>Reads the head of a page.</summary>
    public static ParquetPage Read(ParquetCursor cursor)
    {
        var page = new ParquetPage();
        cursor.Structure("page", (id, type) =>
        {
            switch (id, type)
            {
                case (1, ThriftType.Int32):
                    page.Kind = (int)cursor.Signed("kind of a page", 0, 3);
                    return true;
                case (2, ThriftType.Int32):
                    page.Unpacked = (int)cursor.Signed("size of a page", 0, MostBytes);
                    return true;
                case (3, ThriftType.Int32):
                    page.Packed = (int)cursor.Signed("packed size of a page", 0, MostBytes);
                    return true;
                case (5 or 7 or 8, ThriftType.Structure):
                    page.ReadInner(cursor, id == 8);
                    return true;
                default:
                    return false;
            }
        });
        return page.Kind >= 0 ? page : throw cursor.Fault("page", "has no kind", "one");
    }

    private void ReadInner(ParquetCursor cursor, bool isSecond) => cursor.Structure("page", (id, type) =>
    {
        switch (id, type)
        {
            case (1, ThriftType.Int32):
                Values = (int)cursor.Signed("values of a page", 0, int.MaxValue);
                return true;
            case (2, ThriftType.Int32) when !isSecond:
            case (4, ThriftType.Int32) when isSecond:
                Encoding = (int)cursor.Signed("encoding", 0, 255);
                return true;
            case (5, ThriftType.Int32) when isSecond:
                DefinitionBytes = (int)cursor.Signed("size of definition levels", 0, MostBytes);
                return true;
            case (6, ThriftType.Int32) when isSecond:
                RepetitionBytes = (int)cursor.Signed("size of repetition levels", 0, MostBytes);
                return true;
            case (7, ThriftType.True or ThriftType.False) when isSecond:
                IsPacked = type == ThriftType.True;
                return true;
            default:
                return false;
        }
    });
}
