using System.Buffers.Binary;
using System.Text;

namespace Niwaki.Tests.Formats.Parquet;

/// <summary>Makes Parquet files byte by byte, right ones and wrong ones.</summary>
internal sealed class ParquetBytes
{
    /// <summary>Elements of the schema behind the root.</summary>
    public List<byte[]> Schema { get; } = [];

    /// <summary>Pages of every column, with their heads.</summary>
    public List<byte[]> Columns { get; } = [];

    /// <summary>Values of every column.</summary>
    public List<long> Values { get; } = [];

    public long Rows { get; set; }

    public int Codec { get; set; }

    public int RootChildren { get; set; } = -1;

    public long? GroupRows { get; set; }

    public long OffsetShift { get; set; }

    public string? FilePath { get; set; }

    /// <summary>The file.</summary>
    public byte[] File()
    {
        var bytes = new List<byte>("PAR1"u8.ToArray());
        var chunks = new List<byte[]>();
        for (int i = 0; i < Columns.Count; i++)
        {
            byte[] metadata = Thrift(
                (1, 6), (2, new[] { 0 }), (3, new[] { "c" }), (4, Codec), (5, Values[i]), (6, (long)Columns[i].Length), (7, (long)Columns[i].Length), (9, bytes.Count + OffsetShift));
            chunks.Add(FilePath is null ? Thrift((2, 0L), (3, metadata)) : Thrift((1, FilePath), (2, 0L), (3, metadata)));
            bytes.AddRange(Columns[i]);
        }

        byte[] group = Thrift((1, chunks.ToArray()), (2, 0L), (3, GroupRows ?? Rows));
        byte[] root = Thrift((4, "root"), (5, RootChildren < 0 ? Columns.Count : RootChildren));
        byte[] footer = Thrift((1, 1), (2, (byte[][])[root, .. Schema]), (3, Rows), (4, new[] { group }), (6, "by hand"));
        bytes.AddRange(footer);
        bytes.AddRange(Int32(footer.Length));
        bytes.AddRange("PAR1"u8.ToArray());
        return [.. bytes];
    }

    /// <summary>Adds a column of required 32-bit numbers or texts (type 6) in one plain page.</summary>
    public ParquetBytes Add(string name, int type, byte[] values, int count, int encoding = 0, int repetition = 0)
    {
        Schema.Add(Thrift((1, type), (3, repetition), (4, name)));
        Columns.Add(Page(values, count, encoding));
        Values.Add(count);
        Rows = count;
        return this;
    }

    /// <summary>A page of the first version with its head.</summary>
    public static byte[] Page(byte[] content, int count, int encoding = 0, int? unpacked = null) =>
        [.. Thrift((1, 0), (2, unpacked ?? content.Length), (3, content.Length), (5, Thrift((1, count), (2, encoding), (3, 3), (4, 3)))), .. content];

    /// <summary>A dictionary page.</summary>
    public static byte[] Dictionary(byte[] content, int count, int encoding = 0) =>
        [.. Thrift((1, 2), (2, content.Length), (3, content.Length), (7, Thrift((1, count), (2, encoding)))), .. content];

    /// <summary>A page of the second version.</summary>
    public static byte[] Page2(byte[] repetitions, byte[] definitions, byte[] values, int count, int encoding = 0, int shift = 0)
    {
        int size = repetitions.Length + definitions.Length + values.Length;
        byte[] inner = Thrift((1, count), (2, 0), (3, count), (4, encoding), (5, definitions.Length + shift), (6, repetitions.Length), (7, false));
        return [.. Thrift((1, 3), (2, size), (3, size), (8, inner)), .. repetitions, .. definitions, .. values];
    }

    public static byte[] Int32(params int[] numbers)
    {
        byte[] bytes = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), numbers[i]);
        }

        return bytes;
    }

    public static byte[] Texts(params string[] texts) =>
        [.. texts.SelectMany(text => Int32(Encoding.UTF8.GetByteCount(text)).Concat(Encoding.UTF8.GetBytes(text)))];

    /// <summary>Levels of one bit or more, a run for each, with their length in front.</summary>
    public static byte[] Levels(params byte[] levels) => [.. Int32(2 * levels.Length), .. RunsOf(levels)];

    public static byte[] RunsOf(params byte[] levels) => [.. levels.SelectMany(level => new byte[] { 2, level })];

    /// <summary>A structure of Thrift's compact protocol. int: 32 bits, long: 64, byte[]: a structure, string: bytes, bool; arrays: lists of them.</summary>
    public static byte[] Thrift(params (int Id, object Value)[] fields)
    {
        var bytes = new List<byte>();
        int last = 0;
        foreach ((int id, object value) in fields)
        {
            byte type = value switch { bool isTrue => isTrue ? (byte)1 : (byte)2, int => 5, long => 6, string => 8, byte[] => 12, _ => 9 };
            bytes.Add((byte)(((id - last) << 4) | type));
            last = id;
            bytes.AddRange(value switch
            {
                bool => [],
                int number => Varint(Zigzag(number)),
                long number => Varint(Zigzag(number)),
                string text => Binary(text),
                byte[] structure => structure,
                int[] numbers => List(5, [.. numbers.Select(number => Varint(Zigzag(number)))]),
                string[] texts => List(8, [.. texts.Select(Binary)]),
                byte[][] structures => List(12, structures),
                _ => throw new ArgumentException(value.GetType().Name, nameof(fields)),
            });
        }

        bytes.Add(0);
        return [.. bytes];
    }

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static ulong Zigzag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static byte[] Binary(string text) => [.. Varint((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] List(byte type, byte[][] elements) =>
        [.. elements.Length < 15 ? [(byte)((elements.Length << 4) | type)] : (byte[])[(byte)(0xF0 | type), .. Varint((ulong)elements.Length)], .. elements.SelectMany(element => element)];
}
