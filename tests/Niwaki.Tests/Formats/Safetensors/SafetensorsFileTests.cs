using System.Text;
using Niwaki.Formats;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Tests.Formats.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private const string OneVector = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public unsafe void Open_TwoTensors_ListsThemByPlaceAndShowsTheirBytes()
    {
        // The header names b first, the data holds a first.
        string header = """
            {"__metadata__":{"format":"pt"},
            "b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]},
            "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}
            """;
        using SafetensorsFile file = Open(header, 14);

        Assert.Equal(["a", "b"], file.Entries.Select(entry => entry.Name));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal("F32 [1, 2]", file.Entries[0].ToString());
        Assert.Equal(header.Length + 8, file.Entries[0].ByteOffset);
        Assert.Equal(header.Length + 8 + 14, file.ByteLength);
        WeightView b = file.Vector("b", 3);
        Assert.Equal(ElementType.BF16, b.ElementType);
        Assert.Equal([8, 9, 10, 11, 12, 13], new Span<byte>(b.Pointer, 6).ToArray());
        WeightView a = file.Matrix("a", 1, 2);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], new Span<byte>(a.Pointer, 8).ToArray());
    }

    [Theory]
    [InlineData("{}", 0, 0)]
    [InlineData("""{"__metadata__":{}}""", 0, 0)]
    [InlineData(OneVector + "        ", 8, 1)] // padding behind the object
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, 1)] // a single number
    [InlineData("""{"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]}}""", 0, 1)] // no elements
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}""", 5, 2)] // misaligned
    [InlineData("""{"a":{"dtype":"F4","shape":[6],"data_offsets":[0,3]}}""", 3, 1)] // 6 elements of 4 bits
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 8, 2)]
    public void Open_UnusualButValid_Accepts(string header, int dataBytes, int tensors)
    {
        using SafetensorsFile file = Open(header, dataBytes);
        Assert.Equal(tensors, file.Entries.Count);
    }

    [Fact]
    public void Open_NoFile_ThrowsFileNotFound() =>
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(_folder["absent.safetensors"]));

    [Theory]
    [InlineData(new byte[0], "file is empty")]
    [InlineData(new byte[] { 1, 2, 3 }, "file has 3 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "header length is 0")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "header length is 1")]
    [InlineData(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "header length is 3, expected at most the 2 bytes")]
    [InlineData(new byte[] { 1, 225, 245, 5, 0, 0, 0, 0, 123, 125 }, "header length is 100,000,001")] // 0x05F5E101
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123, 125 }, "header length is 18,446,744,073,709,551,615")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 128, 123, 125 }, "header length is 9,223,372,036,854,775,808")]
    public void Open_BrokenLengthField_NamesIt(byte[] bytes, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder.Write("m.safetensors", bytes)));
        Assert.Equal(0, error.BytePosition);
        Assert.StartsWith($"m.safetensors, byte 0: {expected}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>One row per fault: header, data bytes, byte of the file where the fault lies, start of the message behind the place.</summary>
    [Theory]
    // the header as a whole; its first byte is byte 8 of the file
    [InlineData("[]", 0, 8, "header starts with byte 0x5B, expected a JSON object")]
    [InlineData("  {}", 0, 8, "header starts with byte 0x20")]
    [InlineData("{\"a\"", 0, 12, "JSON is broken")]
    [InlineData("{}x", 0, 10, "JSON is broken")]
    [InlineData("{}{}", 0, 10, "JSON is broken")]
    [InlineData("""{"a":{},"a":{}}""", 0, 16, "name 'a' appears twice")]
    [InlineData("""{"a":{},"\u0061":{}}""", 0, 16, "name 'a' appears twice")]
    [InlineData("""{"__metadata__":{"a":"","a":""}}""", 0, 32, "name 'a' appears twice")]
    // metadata
    [InlineData("""{"__metadata__":[]}""", 0, 24, "'__metadata__' is a list, expected an object of texts")]
    [InlineData("""{"__metadata__":null}""", 0, 24, "'__metadata__' is null")]
    [InlineData("""{"__metadata__":{"n":1}}""", 0, 29, "'__metadata__.n' is 1, expected a text")]
    // fields of a tensor
    [InlineData("""{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, 12, "tensor '' has no name")]
    [InlineData("""{"a":5}""", 0, 13, "tensor 'a' is 5, expected an object")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, 13, "tensor 'a' has no 'dtype'")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8, 13, "tensor 'a' has no 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, 13, "tensor 'a' has no 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}""", 8, 61, "tensor 'a' has the field 'x'")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", 8, 22, "tensor 'a' has 'dtype' \"F33\", expected one of BF16, BOOL")]
    [InlineData("""{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}""", 8, 22, "tensor 'a' has 'dtype' \"f32\"")]
    [InlineData("""{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}""", 8, 22, "tensor 'a' has 'dtype' 32")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, 36, "tensor 'a' has 'shape' 2, expected a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":{},"data_offsets":[0,8]}}""", 8, 36, "tensor 'a' has 'shape' an object, expected a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, 37, "tensor 'a' has -2 in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", 8, 37, "tensor 'a' has 2.0 in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", 8, 37, "tensor 'a' has \"2\" in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}""", 8, 37, "tensor 'a' has 9223372036854775808 in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, 69, "tensor 'a' has more than 16 numbers in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, 13, "tensor 'a' has shape [4294967296, 4294967296], expected")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}""", 0, 13, "tensor 'a' has shape [4294967296, 4294967296, 0]")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, 13, "tensor 'a' has shape [3], expected a whole number of bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":8}}""", 8, 55, "tensor 'a' has 'data_offsets' 8, expected a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}""", 8, 13, "tensor 'a' has 1 numbers in 'data_offsets', expected 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, 60, "tensor 'a' has more than 2 numbers in 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,"8"]}}""", 8, 58, "tensor 'a' has \"8\" in 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-1,7]}}""", 8, 56, "tensor 'a' has -1 in 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, 13, "tensor 'a' begins at byte 8 of the data and ends at 0")]
    // tensors against the data
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}""", 8, 13, "tensor 'a' ends at byte 9 of the data, expected at most 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, 13, "tensor 'a' ends at byte 8 of the data, expected at most 7")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, 13, "tensor 'a' covers 8 bytes, expected 12 for F32 [3]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, 70, "file has 1 bytes behind the last tensor")] // 8 + 54 + 8
    [InlineData("{}", 3, 10, "file has 3 bytes behind the last tensor")]
    // data begins at 8 + 53 with one of these tensors, at 8 + 105 with two
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, 62, "tensor 'a' begins at byte 1 of the data, expected 0")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, 114, "tensor 'b' begins at byte 1 of the data, expected 2, where the one before ends: tensors must not overlap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""", 5, 116, "tensor 'b' begins at byte 3 of the data, expected 2, where the one before ends: the data must have no holes")]
    public void Open_BrokenHeader_NamesFileItemAndByte(string header, int dataBytes, long position, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(header, dataBytes));
        Assert.Equal(_folder["m.safetensors"], error.File);
        Assert.StartsWith($"m.safetensors, byte {position}: {expected}", error.Message, StringComparison.Ordinal);
        Assert.Equal(position, error.BytePosition);
    }

    [Fact]
    public void Open_InvalidUtf8InName_NamesByte()
    {
        byte[] header = Encoding.UTF8.GetBytes(OneVector);
        header[2] = 0xFF; // the letter a
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(header, 8));
        Assert.Equal(8 + 2, error.BytePosition);
    }

    [Fact]
    public void Open_HostileName_IsShownWithoutControlCharacters()
    {
        string name = "\\u001b[2J" + new string('x', 500);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open("{\"" + name + "\":1}", 0));
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.InRange(error.Message.Length, 1, 300);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(62)]
    [InlineData(69)]
    public void Open_FileCutShort_Throws(int kept)
    {
        byte[] whole = SafetensorsBytes.File(OneVector, 8); // 70 bytes
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder.Write("m.safetensors", whole[..kept])));
    }

    [Fact]
    public void Open_BrokenFile_ReleasesIt()
    {
        string path = _folder.Write("m.safetensors", SafetensorsBytes.File("{}", 1));
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        using FileStream exclusive = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(11, exclusive.Length);
    }

    [Theory]
    [InlineData("b", 2, "tensor 'b' is missing, expected [2]")]
    [InlineData("a", 3, "tensor 'a' has shape [2], expected [3]")]
    public void Vector_NotThatTensor_NamesFoundAndExpected(string name, int length, string expected)
    {
        using SafetensorsFile file = Open(OneVector, 8);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => file.Vector(name, length));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Matrix_TensorIsAVector_NamesBothShapes()
    {
        using SafetensorsFile file = Open(OneVector, 8);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => file.Matrix("a", 1, 2));
        Assert.Contains("has shape [2], expected [1, 2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vector_OtherElementType_IsListedAndCopiedButNotViewed()
    {
        using SafetensorsFile file = Open("""{"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""", 3);
        using var copy = new MemoryStream();
        file.CopyTensor("mask", copy, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1, 2], copy.ToArray());
        Assert.Null(file.Entries[0].ElementType);

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => file.Vector("mask", 3));
        Assert.Equal(
            "m.safetensors: tensor 'mask' has dtype BOOL, expected F32, F16 or BF16. Convert the model to one of these first.", error.Message);
    }

    [Fact]
    public void Vector_AfterDispose_Throws()
    {
        SafetensorsFile file = Open(OneVector, 8);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Vector("a", 2));
    }

    [Fact]
    public unsafe void Vector_BehindTwoGibibytes_ReadsItsBytes()
    {
        // A sparse file: 2^31 + 100 bytes of a tensor that is never touched, then one number.
        const long Skipped = (1L << 31) + 100;
        string big = $$"""{"dtype":"U8","shape":[{{Skipped}}],"data_offsets":[0,{{Skipped}}]}""";
        string end = $$"""{"dtype":"F32","shape":[1],"data_offsets":[{{Skipped}},{{Skipped + 4}}]}""";
        string header = $$"""{"big":{{big}},"end":{{end}}}""";
        byte[] start = SafetensorsBytes.File(header, 0);
        string path = _folder["m.safetensors"];
        using (FileStream stream = File.Create(path))
        {
            stream.Write(start);
            stream.Position = start.Length + Skipped;
            stream.Write(BitConverter.GetBytes(1.5f));
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(1.5f, *(float*)file.Vector("end", 1).Pointer);
    }

    private SafetensorsFile Open(string header, int dataBytes) => Open(Encoding.UTF8.GetBytes(header), dataBytes);

    private SafetensorsFile Open(byte[] header, int dataBytes) =>
        SafetensorsFile.Open(_folder.Write("m.safetensors", SafetensorsBytes.File(header, dataBytes)));
}
