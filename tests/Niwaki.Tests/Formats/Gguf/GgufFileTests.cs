using System.Text;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using static Niwaki.Tests.Formats.Gguf.GgufBytes;

namespace Niwaki.Tests.Formats.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_TwoTensors_ListsThemWithShapesSlowestFirst()
    {
        // a: 3 columns, 2 rows of F32 = 24 bytes, padded to 32; b: 32 columns of Q8_0 = 34 bytes
        byte[] bytes = File([], [Tensor("a", [3, 2]), Tensor("b", [32], 8, 32)], 32 + 34);
        using GgufFile file = Open(bytes);

        Assert.Equal("F32 [2, 3]", file.Find("a")!.ToString());
        Assert.Equal("Q8_0 [32]", file.Find("b")!.ToString());
        Assert.Equal(bytes.Length - 34, file.Find("b")!.ByteOffset);
        Assert.Equal(34, file.Find("b")!.ByteLength);
        Assert.Equal([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23], file.Rows(file.Find("a")!, 1).ToArray());
        Assert.Null(file.Find("c"));
    }

    [Fact]
    public void Open_EveryTypeOfValue_GivesIt()
    {
        byte[][] entries =
        [
            Entry("u8", 0, 200), Entry("i8", 1, 0xFE), Entry("u16", 2, 0xFF, 0xFF), Entry("i16", 3, 0xFF, 0xFF),
            Entry("u32", 4, 1, 0, 0, 0x80), Entry("i32", 5, 0xFE, 0xFF, 0xFF, 0xFF), Entry("f32", 6, 0, 0, 0xC0, 0x3F), Entry("bool", 7, 1),
            Entry("text", 8, Text("né")), Entry("u64", 10, U64(1UL << 40)), Entry("i64", 11, U64(ulong.MaxValue)),
            Entry("f64", 12, U64(BitConverter.DoubleToUInt64Bits(-0.1))),
            Entry("numbers", 9, [.. U32(5), .. U64(2), .. U32(7), .. U32(8)]),
            Entry("texts", 9, [.. U32(8), .. U64(2), .. Text("a"), .. Text("")]),
            Entry("truths", 9, [.. U32(7), .. U64(2), 1, 0]),
            Entry("nested", 9, [.. U32(9), .. U64(1), .. U32(0), .. U64(2), 3, 4]),
        ];
        using GgufFile file = Open(File(entries, [], 0));

        object[] expected = [(byte)200, (sbyte)-2, (ushort)65535, (short)-1, 0x80000001u, -2, 1.5f, true, "né", 1UL << 40, -1L, -0.1];
        Assert.Equal(expected, file.Metadata.Entries.Take(12).Select(entry => entry.Value.Content));
        Assert.Equal(new[] { 7, 8 }, file.Metadata.GetInt32sOrNull("numbers", 2, 0, 10));
        Assert.Equal(["a", ""], file.Metadata.GetStringsOrNull("texts")!);
        Assert.Equal([1L, 0], file.Metadata.Find("truths")!.ToInt64s()!);
        var inner = Assert.IsType<GgufValue[]>(file.Metadata.Find("nested")!.Content);
        Assert.Equal(new byte[] { 3, 4 }, inner.Single().Content);
        Assert.Equal(GgufValueType.UInt8, inner[0].ElementType);
    }

    [Fact]
    public void Open_OtherAlignment_PlacesTheDataThere()
    {
        byte[] bytes = File([Entry("general.alignment", 4, U32(64))], [Tensor("a", [1]), Tensor("b", [1], 0, 64)], 68, alignment: 64);
        using GgufFile file = Open(bytes);
        Assert.Equal(bytes.Length - 4, file.Find("b")!.ByteOffset);
        Assert.Equal(0, file.Find("a")!.ByteOffset % 64);
    }

    [Theory]
    [InlineData(2)] // version 2 differs in nothing that is read here
    [InlineData(3)]
    public void Open_NoPaddingBehindTheLastTensor_Accepts(uint version)
    {
        using GgufFile file = Open(File([], [Tensor("a", [1])], 4, version));
        Assert.Single(file.Tensors);
    }

    [Fact]
    public void Open_UnreadableEncoding_ListsItAndRefusesItsValues()
    {
        using GgufFile file = Open(File([], [Tensor("a", [256], 10)], 84)); // Q2_K
        GgufTensor tensor = file.Tensors.Single();
        Assert.Null(tensor.Type);
        var error = Assert.Throws<UnsupportedModelException>(() => file.Decode(tensor, 0, new float[256]));
        Assert.StartsWith("m.gguf: tensor 'a' is stored as Q2_K, expected one of F32, F16, Q4_0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoFile_ThrowsFileNotFound() => Assert.Throws<FileNotFoundException>(() => GgufFile.Open(_folder["absent.gguf"]));

    [Fact]
    public void Open_BigEndian_SaysSo()
    {
        byte[] bytes = File([], [], 0, 0x03000000);
        var error = Assert.Throws<UnsupportedModelException>(() => Open(bytes));
        Assert.StartsWith("m.gguf: version is 3 in big-endian order, expected 2 or 3, little-endian", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Version1_IsRefused() => Assert.Throws<UnsupportedModelException>(() => Open(File([], [], 0, 1)));

    public static TheoryData<string, byte[], long> Faults()
    {
        byte[] start = [.. "GGUF"u8, .. U32(3)]; // 8 bytes; the counts follow at 8 and 16, the first entry at 24
        byte[] Head(ulong tensors, ulong entries, params byte[] rest) => [.. start, .. U64(tensors), .. U64(entries), .. rest];
        byte[] valid = Tensor("a", [1]);
        return new TheoryData<string, byte[], long>
        {
            { "magic needs 4 bytes, expected at most the 0 that the file still has", [], 0 },
            { "magic is 0x20202020, expected 0x46554747, 'GGUF'", Encoding.ASCII.GetBytes("    ....    "), 0 },
            { "version needs 4 bytes", [.. "GGUF"u8, 3, 0], 4 },
            { "number of tensors is 131,073, expected at most 131,072", Head((1 << 17) + 1, 0), 8 },
            { "number of tensors is 18,446,744,073,709,551,615", Head(ulong.MaxValue, 0), 8 },
            { "number of metadata entries is 65,537", Head(0, 65537), 16 },
            { "number of metadata entries needs 8 bytes", [.. start, .. U64(0), 0, 0], 16 },
            { "length of key 0 is 5, expected at most 2", Head(0, 1, [.. U64(5), 1, 2]), 24 },
            { "length of key 0 is 18,446,744,073,709,551,615, expected at most 0", Head(0, 1, U64(ulong.MaxValue)), 24 },
            { "key 0 is not valid UTF-8, expected UTF-8", Head(0, 1, [.. U64(1), 0xFF, 0, 0, 0, 0]), 32 },
            { "metadata '' has an empty key", Head(0, 1, Entry("", 0, 1)), 24 },
            { "metadata 'k' appears twice", Head(0, 2, [.. Entry("k", 0, 1), .. Entry("k", 0, 1)]), 38 }, // 24 + 8 + 1 + 4 + 1
            { "metadata 'k' has the type 13, expected 0 to 12", Head(0, 1, Entry("k", 13, 1)), 33 },
            { "metadata 'k' needs 4 bytes", Head(0, 1, Entry("k", 4, 1, 2)), 37 },
            { "metadata 'k' is the truth value 2, expected 0 or 1", Head(0, 1, Entry("k", 7, 2)), 37 },
            { "length of metadata 'k' is 3, expected at most 1", Head(0, 1, Entry("k", 8, [.. U64(3), 65])), 37 },
            { "metadata 'k' has the type 99", Head(0, 1, Entry("k", 9, [.. U32(99), .. U64(0)])), 37 },
            { "number of elements of metadata 'k' is 4,611,686,018,427,387,904, expected at most 2", Head(0, 1, Entry("k", 9, [.. U32(4), .. U64(1UL << 62), .. U64(0)])), 41 },
            { "number of elements of metadata 'k' is 2, expected at most 1", Head(0, 1, Entry("k", 9, [.. U32(8), .. U64(2), .. Text("")])), 41 },
            { "metadata 'k' has more than 8 arrays inside each other", Head(0, 1, Entry("k", 9, [.. Enumerable.Repeat<byte[]>([.. U32(9), .. U64(1)], 9).SelectMany(x => x)])), 133 }, // 37 + 8·12
            { "tensor '' has an empty name", Head(1, 0, Tensor("", [1])), 24 },
            { "length of name of tensor 0 is 1,025, expected at most 1,024", Head(1, 0, Tensor(new string('x', 1025), [1])), 24 },
            { "tensor 'a' appears twice", Head(2, 0, [.. valid, .. valid]), 57 }, // 24 + 8 + 1 + 4 + 8 + 4 + 8
            { "tensor 'a' has 0 dimensions, expected 1 to 4", Head(1, 0, Tensor("a", [])), 24 },
            { "tensor 'a' has 5 dimensions, expected 1 to 4", Head(1, 0, Tensor("a", [1, 1, 1, 1, 1])), 24 },
            { "tensor 'a' has the dimension 9,223,372,036,854,775,808", Head(1, 0, Tensor("a", [1UL << 63])), 24 },
            { "tensor 'a' needs 8 bytes", Head(1, 0, Tensor("a", [1])[..^3]), 49 },
            { "tensor 'a' has the encoding 31, expected one that ggml numbers", File([], [Tensor("a", [1], 31)], 4), 24 },
            { "tensor 'a' has rows of 31 elements, expected whole blocks of 32 for Q8_0", File([], [Tensor("a", [31], 8)], 34), 24 },
            { "tensor 'a' has shape [4294967296, 4294967296], expected fewer than 2^60 bytes", File([], [Tensor("a", [1UL << 32, 1UL << 32])], 4), 24 },
            { "tensor 'a' has shape [0, 4294967296, 4294967296]", File([], [Tensor("a", [1UL << 32, 1UL << 32, 0])], 4), 24 },
            { "tensor 'a' covers 8 bytes, expected at most the 4 that the file still has", File([], [Tensor("a", [2])], 4), 24 },
            { "data begins at byte 64, expected at most 57, the end of the file", Head(1, 0, valid), 57 },
            { "tensor 'a' begins at byte 32 of the data, expected 0, behind the one before: the data must have no holes", File([], [Tensor("a", [1], 0, 32)], 36), 24 },
            { "tensor 'b' begins at byte 0 of the data, expected 32, behind the one before: tensors must not overlap", File([], [valid, Tensor("b", [1], 0, 0)], 36), 57 },
            { "tensor 'b' begins at byte 4 of the data, expected 32", File([], [valid, Tensor("b", [1], 0, 4)], 36), 57 },
            { "file has 33 bytes behind the last tensor, expected padding only", File([], [valid], 37), 68 }, // 64 + 4
            { "file has 9 bytes behind the last tensor", Head(0, 0, [1, 2, 3, 4, 5, 6, 7, 8, 9]), 24 },
        };
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Open_BrokenHeader_NamesFileItemAndByte(string expected, byte[] bytes, long position)
    {
        var error = Assert.Throws<ModelFormatException>(() => Open(bytes));
        Assert.StartsWith($"m.gguf, byte {position}: {expected}", error.Message, StringComparison.Ordinal);
        Assert.Equal(position, error.BytePosition);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(48)]
    [InlineData(1 << 21)]
    public void Open_AlignmentNoPowerOfTwo_IsRefused(uint alignment)
    {
        var error = Assert.Throws<ModelFormatException>(() => Open(File([Entry("general.alignment", 4, U32(alignment))], [], 0)));
        Assert.Contains("metadata 'general.alignment' is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EveryPrefixOfAFile_ThrowsAndNeverReadsPastTheEnd()
    {
        byte[] whole = File([Entry("k", 8, Text("text")), Entry("n", 9, [.. U32(8), .. U64(1), .. Text("x")])], [Tensor("a", [3, 2])], 24);
        for (int kept = 0; kept < whole.Length; kept++)
        {
            Assert.ThrowsAny<NiwakiException>(() => Open(whole[..kept]).Dispose());
        }
    }

    [Fact]
    public void Open_BrokenFile_ReleasesIt()
    {
        string path = _folder.Write("m.gguf", File([], [Tensor("a", [2])], 4));
        Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        using FileStream exclusive = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.CanWrite);
    }

    [Fact]
    public void Getters_WrongKindOrRange_NameTheKey()
    {
        using GgufFile file = Open(File([Entry("n", 4, U32(7)), Entry("t", 8, Text("x")), Entry("a", 9, [.. U32(5), .. U64(2), .. U32(1), .. U32(9)])], [], 0));
        GgufMetadata data = file.Metadata;
        Assert.Equal("m.gguf: metadata 'n' is 7, expected a text.", Assert.Throws<ModelFormatException>(() => data.GetString("n")).Message);
        Assert.Equal("m.gguf: metadata 'x' is missing, expected a text.", Assert.Throws<ModelFormatException>(() => data.GetString("x")).Message);
        Assert.Equal("m.gguf: metadata 'n' is 7, expected a whole number from 1 to 6.", Assert.Throws<ModelFormatException>(() => data.GetInt32("n", 1, 6)).Message);
        Assert.Equal("m.gguf: metadata 't' is 'x', expected true or false.", Assert.Throws<ModelFormatException>(() => data.GetBooleanOrNull("t")).Message);
        Assert.StartsWith("m.gguf: metadata 't' is 'x', expected an array of texts", Assert.Throws<ModelFormatException>(() => data.GetStringsOrNull("t")).Message, StringComparison.Ordinal);
        Assert.StartsWith("m.gguf: metadata 'a' is an array of 2 × Int32, expected a whole number or an array of 3", Assert.Throws<ModelFormatException>(() => data.GetInt32sOrNull("a", 3, 0, 9)).Message, StringComparison.Ordinal);
        Assert.StartsWith("m.gguf: metadata 'a' has 9 at place 1, expected a whole number from 0 to 8", Assert.Throws<ModelFormatException>(() => data.GetInt32sOrNull("a", 2, 0, 8)).Message, StringComparison.Ordinal);
        Assert.StartsWith("m.gguf: metadata 't' is 'x', expected an array of 2", Assert.Throws<ModelFormatException>(() => data.GetSinglesOrNull("t", 2)).Message, StringComparison.Ordinal);
        Assert.Equal([7, 7, 7], data.GetInt32sOrNull("n", 3, 0, 9)!);
        Assert.Null(data.GetDoubleOrNull("x", 0, 1));
    }

    private GgufFile Open(byte[] bytes) => GgufFile.Open(_folder.Write("m.gguf", bytes));
}
