using System.IO.Compression;
using Niwaki.Formats;
using Niwaki.Formats.Parquet;
using static Niwaki.Tests.Formats.Parquet.ParquetBytes;

namespace Niwaki.Tests.Formats.Parquet;

public sealed class ParquetFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_PlainValues_OfEveryType()
    {
        ParquetBytes file = new ParquetBytes()
            .Add("i", 1, Int32(3, -4), 2)
            .Add("l", 2, [.. BitConverter.GetBytes(1L << 40), .. BitConverter.GetBytes(-5L)], 2)
            .Add("f", 4, [.. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(-2f)], 2)
            .Add("d", 5, [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(7.0)], 2)
            .Add("b", 0, [0b10], 2)
            .Add("s", 6, Texts("é", ""), 2);
        Assert.Equal(
            ["""{"i":3,"l":1099511627776,"f":0.5,"d":0.1,"b":false,"s":"\u00E9"}""", """{"i":-4,"l":-5,"f":-2,"d":7,"b":true,"s":""}"""], Read(file));
    }

    /// <summary>Levels 1, 0, 1: the value in the middle is missing, and nothing is stored for it.</summary>
    [Fact]
    public void Read_OptionalValues_NullWhereMissing() =>
        Assert.Equal(["""{"s":"a"}""", """{"s":null}""", """{"s":"b"}"""], Read(new ParquetBytes().Add("s", 6, [.. Levels(1, 0, 1), .. Texts("a", "b")], 3, repetition: 1)));

    /// <summary>
    /// An optional group with an optional list of optional texts: definition 0 to 4. Rows: [a, null], an empty list, no list, no group, [b].
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_ListInAGroup_AllLevels(bool second)
    {
        ParquetBytes file = ListFile();
        byte[] repetitions = [0, 1, 0, 0, 0, 0], definitions = [4, 3, 2, 1, 0, 4];
        file.Columns.Add(second
            ? Page2(RunsOf(repetitions), RunsOf(definitions), Texts("a", "b"), 6)
            : Page([.. Levels(repetitions), .. Levels(definitions), .. Texts("a", "b")], 6));
        file.Values.Add(6);
        file.Rows = 5;
        Assert.Equal(
            ["""{"g":{"l":["a",null]}}""", """{"g":{"l":[]}}""", """{"g":{"l":null}}""", """{"g":{"l":null}}""", """{"g":{"l":["b"]}}"""], Read(file));
    }

    /// <summary>Older forms: a group marked as a list with a repeated value in it, and a repeated value alone.</summary>
    [Theory]
    [InlineData(true, """{"l":[1,2]}""")]
    [InlineData(false, """{"e":[1,2]}""")]
    public void Read_ListOfOldForm_Read(bool grouped, string expected)
    {
        var file = new ParquetBytes { RootChildren = 1 };
        if (grouped)
        {
            file.Schema.Add(Thrift((3, 0), (4, "l"), (5, 1), (6, 3)));
        }

        file.Schema.Add(Thrift((1, 1), (3, 2), (4, "e")));
        file.Columns.Add(Page([.. Levels(0, 1), .. Levels(1, 1), .. Int32(1, 2)], 2));
        file.Values.Add(2);
        file.Rows = 1;
        Assert.Equal([expected], Read(file));
    }

    /// <summary>A few bytes could stand for millions of entries.</summary>
    [Fact]
    public void Read_DictionaryLargerThanTheColumn_Throws()
    {
        ParquetBytes file = new ParquetBytes().Add("b", 0, [], 4);
        file.Columns[0] = [.. Dictionary(new byte[1000], 8000), .. Page([2, 3, 0], 4, encoding: 8)];
        string path = _folder.Write("large.parquet", file.File());
        Assert.Contains("a dictionary of 8000 values, expected at most 4", Assert.Throws<ModelFormatException>(() => ParquetFile.Read(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>Indices 2, 0, 1, 1 of two bits: packed in one byte, 0b01_01_00_10, and as runs.</summary>
    [Theory]
    [InlineData(new byte[] { 2, 3, 0b01_01_00_10, 0 })]
    [InlineData(new byte[] { 2, 2, 2, 2, 0, 4, 1 })]
    public void Read_Dictionary_PackedOrInRuns(byte[] indices)
    {
        ParquetBytes file = new ParquetBytes().Add("s", 6, [], 4);
        file.Columns[0] = [.. Dictionary(Texts("x", "y", "z"), 3), .. Page(indices, 4, encoding: 8)];
        Assert.Equal(["""{"s":"z"}""", """{"s":"x"}""", """{"s":"y"}""", """{"s":"y"}"""], Read(file));
    }

    [Fact]
    public void Read_TwoPages_OneBehindTheOther()
    {
        ParquetBytes file = new ParquetBytes().Add("i", 1, [], 3);
        file.Columns[0] = [.. Page(Int32(1), 1), .. Page(Int32(2, 3), 2)];
        Assert.Equal(["""{"i":1}""", """{"i":2}""", """{"i":3}"""], Read(file));
    }

    [Fact]
    public void Read_Gzip_Unpacked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Int32(1, 2));
        }

        ParquetBytes file = new ParquetBytes { Codec = 2 }.Add("i", 1, [], 2);
        file.Columns[0] = Page(packed.ToArray(), 2, unpacked: 8);
        Assert.Equal(["""{"i":1}""", """{"i":2}"""], Read(file));
        file.Columns[0] = Page(packed.ToArray(), 2, unpacked: 7);
        AssertFault(file, "unpacks to more than 7 bytes");
        file.Columns[0] = Page(packed.ToArray(), 2, unpacked: 9);
        AssertFault(file, "unpacks to 8 bytes, expected 9");
        file.Columns[0] = Page([1, 2, 3], 2, unpacked: 8);
        AssertFault(file, "is no gzip");
    }

    /// <summary>Literal "ab" (tag 1 &lt;&lt; 2), copy of 4 from 2 back (tags of one, two and four bytes of offset), so "ababab".</summary>
    [Theory]
    [InlineData(new byte[] { 6, 4, (byte)'a', (byte)'b', 0b000_000_01, 2 })]
    [InlineData(new byte[] { 6, 4, (byte)'a', (byte)'b', 0b0000_1110, 2, 0 })]
    [InlineData(new byte[] { 6, 4, (byte)'a', (byte)'b', 0b0000_1111, 2, 0, 0, 0 })]
    [InlineData(new byte[] { 6, 60 << 2, 5, (byte)'a', (byte)'b', (byte)'a', (byte)'b', (byte)'a', (byte)'b' })] // the length in a byte of its own
    public void Unpack_Snappy_LiteralsAndCopies(byte[] packed) => Assert.Equal("ababab"u8.ToArray(), Snappy.Unpack(new ParquetCursor("f", packed, 0), 6));

    [Theory]
    [InlineData(new byte[] { 7, 4, 1, 2 }, "says 7 bytes, expected 6")]
    [InlineData(new byte[] { 6, 4, 1, 2 }, "gives 2 bytes, expected 6")]
    [InlineData(new byte[] { 6, 4, 1 }, "snappy literal has 2 bytes, expected 0 to 1")]
    [InlineData(new byte[] { 6, 24, 1, 2, 3, 4, 5, 6, 7 }, "gives 7 bytes, expected 6")]
    [InlineData(new byte[] { 6, 4, 1, 2, 1, 3 }, "snappy copy begins 3 bytes back, expected 1 to 2")]
    [InlineData(new byte[] { 6, 4, 1, 2, 1, 0 }, "snappy copy begins 0 bytes back")]
    [InlineData(new byte[] { 6, 4, 1, 2, 17, 1 }, "gives 10 bytes, expected 6")]
    [InlineData(new byte[] { 6, 63 << 2, 255, 255, 255, 255 }, "snappy literal has 4,294,967,296 bytes")]
    public void Unpack_BrokenSnappy_Throws(byte[] packed, string message) =>
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => Snappy.Unpack(new ParquetCursor("f", packed, 0), 6)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(3, "is 'lzo'")]
    [InlineData(4, "is 'brotli'")]
    [InlineData(5, "is 'lz4'")]
    [InlineData(6, "is 'zstd'")]
    [InlineData(7, "is 'lz4_raw'")]
    [InlineData(9, "is codec 9")]
    public void Read_OtherCompression_RefusedByName(int codec, string message) => AssertUnsupported(new ParquetBytes { Codec = codec }.Add("i", 1, Int32(1), 1), message);

    [Fact]
    public void Read_WhatIsNotSupported_RefusedByName()
    {
        AssertUnsupported(new ParquetBytes().Add("t", 3, new byte[12], 1), "column 't' holds Int96");
        AssertUnsupported(new ParquetBytes().Add("t", 7, new byte[12], 1), "column 't' holds FixedLengthByteArray");
        AssertUnsupported(new ParquetBytes().Add("t", 1, new byte[12], 1, encoding: 5), "column 't' is in encoding 5");
        AssertUnsupported(new ParquetBytes { FilePath = "other.parquet" }.Add("t", 1, Int32(1), 1), "lies in another file, 'other.parquet'");

        var nested = new ParquetBytes { RootChildren = 1, Rows = 1 };
        nested.Schema.AddRange([Thrift((3, 2), (4, "a"), (5, 1)), Thrift((1, 1), (3, 2), (4, "b"))]);
        nested.Columns.Add([]);
        nested.Values.Add(0);
        AssertUnsupported(nested, "column 'a.b' holds lists of lists");
        nested.Schema[1] = Thrift((1, 1), (3, 1), (4, "b"));
        AssertUnsupported(nested, "column 'a.b' holds lists of groups");

        byte[] encrypted = new ParquetBytes().Add("i", 1, Int32(1), 1).File();
        encrypted[^1] = (byte)'E';
        Assert.Contains("is encrypted", Assert.Throws<UnsupportedModelException>(() => ParquetFile.Read(_folder.Write("e.parquet", encrypted))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoParquet_Throws()
    {
        AssertFault([], "of 0 bytes does not begin and end with 'PAR1'");
        AssertFault("PAR1PAR1"u8.ToArray(), "of 8 bytes does not begin");
        byte[] file = new ParquetBytes().Add("i", 1, Int32(1), 1).File();
        AssertFault(file[..^1], "does not begin and end with 'PAR1'");
        AssertFault([.. file[..^8], 255, 255, 255, 127, .. "PAR1"u8.ToArray()], "footer has 2,147,483,647 bytes");
        AssertFault([.. file[..^8], 255, 255, 255, 255, .. "PAR1"u8.ToArray()], "footer has -1 bytes");
        AssertFault([.. file[..^8], 0, 0, 0, 0, .. "PAR1"u8.ToArray()], "footer has 0 bytes");
    }

    [Fact]
    public void Read_FooterThatContradictsItself_Throws()
    {
        AssertFault(new ParquetBytes { GroupRows = 2 }.Add("i", 1, Int32(1), 1), "has 1 rows and groups of 2, expected the same number");
        AssertFault(new ParquetBytes { RootChildren = 0 }.Add("i", 1, Int32(1), 1), "and no column");
        AssertFault(new ParquetBytes { RootChildren = 2 }.Add("i", 1, Int32(1), 1), "ends inside a group");
        AssertFault(new ParquetBytes { OffsetShift = 1 << 20 }.Add("i", 1, Int32(1), 1), "offset of a column is 1048580");
        AssertFault(new ParquetBytes { OffsetShift = -2 }.Add("i", 1, Int32(1), 1), "expected values in bytes 4 to");
        AssertFault(new ParquetBytes { OffsetShift = 3 }.Add("i", 1, Int32(1), 1), "expected values in bytes 4 to");
        ParquetBytes many = new ParquetBytes().Add("i", 1, Int32(1), 1);
        many.Rows = 1 << 23;
        AssertFault(many, "number of rows is 8388608");
        many = new ParquetBytes().Add("i", 1, Int32(1), 1);
        many.Values[0] = 1L << 40;
        AssertFault(many, "number of values is 1099511627776");
        ParquetBytes extra = new ParquetBytes().Add("i", 1, Int32(1), 1);
        extra.Schema.Add(Thrift((1, 1), (3, 0), (4, "j")));
        AssertFault(extra, "has 1 elements that belong to no group");
        ParquetBytes untyped = new ParquetBytes().Add("i", 1, Int32(1), 1);
        untyped.Schema[0] = Thrift((3, 0), (4, "i"));
        AssertFault(untyped, "column 'i' has no type");
        untyped.Schema[0] = Thrift((1, 9), (3, 0), (4, "i"));
        AssertFault(untyped, "type is 9");
        ParquetBytes missing = new ParquetBytes { RootChildren = 2 }.Add("i", 1, Int32(1), 1);
        missing.Schema.Add(Thrift((1, 1), (3, 0), (4, "j")));
        AssertFault(missing, "row group has 1 columns, expected 2");
    }

    [Fact]
    public void Read_BrokenPages_Throws()
    {
        AssertFault(WithPages(Page(Int32(1), 2), 2), "has 2 values in 4 bytes, expected at least 8 bytes");
        AssertFault(WithPages(Page(Int32(1, 2, 3), 3), 2), "has a page of 3 values, expected at most 2");
        AssertFault(WithPages(Page(Int32(1), 1), 2), "expected 0 to 0, what is left");
        AssertFault(WithPages(Page(Int32(1, 2), 2, unpacked: 7), 2), "unpacks to 8 bytes, expected 7");
        AssertFault(WithPages(Page(Int32(1, 2), 2)[..^3], 2), "column 'c' has 8 bytes, expected 0 to 5");
        AssertFault(WithPages(Page([2, 3, 0, 0], 2, encoding: 8), 2), "has 2 indices and no dictionary");
        AssertFault(WithPages([.. Dictionary(Int32(7), 1), .. Page([40, 3, 0, 0], 2, encoding: 8)], 2), "has indices of 40 bits");
        AssertFault(WithPages([.. Dictionary(Int32(7), 1), .. Page([1, 4, 1], 2, encoding: 8)], 2), "holds 1, expected 0 to 0");
        AssertFault(WithPages([.. Dictionary(Int32(7), 1), .. Page([1, 0, 1], 2, encoding: 8)], 2), "has a run of 0 numbers");
        AssertFault(WithPages([.. Dictionary(Int32(7), 1), .. Page([1, 1], 2, encoding: 8)], 2), "has a run of 0 numbers");
        AssertFault(WithPages([.. Dictionary(Int32(7), 1), .. Page([1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], 2, encoding: 8)], 2), "has a number of more than 10 bytes");
        AssertFault(WithPages(Thrift((2, 4), (3, 4)), 2), "page has no kind");
        AssertFault(WithPages(Thrift((1, 0), (2, 1 << 30), (3, 4)), 2), "size of a page is 1073741824");
        AssertFault(WithPages(Page2([], [], Int32(1, 2), 2, shift: 9), 2), "column 'c' has 9 bytes, expected 0 to 8");
        AssertFault(WithPages([0xFF, 0xFF], 2), "of type 15");
    }

    [Fact]
    public void Read_BrokenValues_Throws()
    {
        AssertFault(new ParquetBytes().Add("s", 6, [.. Int32(-1)], 1), "column 's' has -1 bytes");
        AssertFault(new ParquetBytes().Add("s", 6, [.. Int32(5), 1, 2], 1), "column 's' has 5 bytes, expected 0 to 2");
        AssertFault(new ParquetBytes().Add("s", 6, [.. Int32(1), 0xFF], 1), "holds bytes that are no UTF-8");
        AssertFault(new ParquetBytes().Add("d", 5, BitConverter.GetBytes(double.NaN), 1), "holds NaN, expected finite numbers");
        AssertFault(new ParquetBytes().Add("s", 6, [.. Levels(1, 2), .. Texts("a")], 2, repetition: 1), "levels of column 's' holds 2, expected 0 to 1");

        // A list that goes on although it is empty.
        ParquetBytes list = ListFile();
        list.Columns.Add(Page([.. Levels(0, 1), .. Levels(2, 4), .. Texts("a")], 2));
        list.Values.Add(2);
        list.Rows = 1;
        AssertFault(list, "goes on with a list that is empty or missing");
        list.Columns[0] = Page([.. Levels(0, 0), .. Levels(4, 4), .. Texts("a", "b")], 2);
        AssertFault(list, "column 'g.l.list.item' has 2 rows, expected 1");
    }

    /// <summary>Any byte changed: an error of ours or a table, never another exception, and never much memory.</summary>
    [Fact]
    public void Read_AnyByteChanged_ErrorOrTable()
    {
        ParquetBytes source = new ParquetBytes { Codec = 1 }.Add("s", 6, [], 3);
        source.Columns[0] = [.. Dictionary([9, 8 << 2, .. Int32(5), .. "hello"u8.ToArray()], 1), .. Page([3, 8, 1, 6, 0], 3, encoding: 8, unpacked: 3)];
        byte[] whole = source.File();
        int errors = 0;
        for (int place = 0; place < whole.Length; place++)
        {
            foreach (byte flip in (byte[])[1, 0x10, 0x80, 0xFF])
            {
                byte[] changed = (byte[])whole.Clone();
                changed[place] ^= flip;
                try
                {
                    ParquetFile.Read(_folder.Write("f.parquet", changed));
                }
                catch (Exception exception) when (exception is ModelFormatException or UnsupportedModelException)
                {
                    errors++;
                }
            }
        }

        Assert.InRange(errors, whole.Length, 4 * whole.Length);
    }

    private static ParquetBytes ListFile()
    {
        // Optional group g, optional group l marked as a list, repeated group, optional text: a value that is there has level 4.
        var file = new ParquetBytes { RootChildren = 1 };
        file.Schema.AddRange([
            Thrift((3, 1), (4, "g"), (5, 1)), Thrift((3, 1), (4, "l"), (5, 1), (6, 3)), Thrift((3, 2), (4, "list"), (5, 1)), Thrift((1, 6), (3, 1), (4, "item")),
        ]);
        return file;
    }

    private static ParquetBytes WithPages(byte[] pages, int values)
    {
        ParquetBytes file = new ParquetBytes().Add("c", 1, [], values);
        file.Columns[0] = pages;
        return file;
    }

    private string[] Read(ParquetBytes file) => [.. ParquetFile.Read(_folder.Write("f.parquet", file.File())).Select(row => row.ToJsonString())];

    private void AssertFault(ParquetBytes file, string message) => AssertFault(file.File(), message);

    private void AssertFault(byte[] file, string message) =>
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => ParquetFile.Read(_folder.Write("f.parquet", file))).Message, StringComparison.Ordinal);

    private void AssertUnsupported(ParquetBytes file, string message) =>
        Assert.Contains(message, Assert.Throws<UnsupportedModelException>(() => ParquetFile.Read(_folder.Write("f.parquet", file.File()))).Message, StringComparison.Ordinal);
}
