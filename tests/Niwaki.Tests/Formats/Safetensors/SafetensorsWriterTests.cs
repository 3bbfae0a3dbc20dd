using System.Text;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Tests.Formats.Safetensors;

public sealed class SafetensorsWriterTests
{
    private static readonly PlannedTensor Pair = new("pair", ElementType.F16, 2);

    [Fact]
    public void Write_OneTensor_IsThisFile()
    {
        // The JSON has 88 bytes, a multiple of 8, so it needs no padding.
        const string Json = """{"__metadata__":{"format":"pt"},"pair":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}""";
        byte[] file = Write(new SafetensorsWriter([Pair]), [1, 2, 3, 4]);
        byte[] expected = [(byte)Json.Length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(Json), 1, 2, 3, 4];
        Assert.Equal(expected, file);
    }

    [Theory]
    [InlineData("n")]
    [InlineData("na")]
    [InlineData("nam")]
    [InlineData("name")]
    [InlineData("names")]
    [InlineData("names.")]
    [InlineData("names.w")]
    [InlineData("names.we")]
    public void Write_AnyHeaderLength_DataStartsAtAMultipleOfEight(string name)
    {
        var writer = new SafetensorsWriter([new PlannedTensor(name, ElementType.F16, 2)]);
        byte[] file = Write(writer, [1, 2, 3, 4]);
        long headerBytes = BitConverter.ToInt64(file);
        Assert.Equal(0, headerBytes % 8);
        Assert.Equal(file.Length, 8 + headerBytes + 4);
        Assert.Equal(writer.ByteLength, file.Length);
        string header = Encoding.UTF8.GetString(file, 8, (int)headerBytes);
        Assert.EndsWith("}", header.TrimEnd(' '), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OwnMetadata_StandsInTheHeader()
    {
        Assert.StartsWith("""{"__metadata__":{"step":"7"},"pair":""", Header(new() { ["step"] = "7" }), StringComparison.Ordinal);
        Assert.StartsWith("""{"pair":""", Header([]), StringComparison.Ordinal);

        static string Header(Dictionary<string, string> metadata) =>
            Encoding.UTF8.GetString(Write(new SafetensorsWriter([Pair], metadata), new byte[4])[8..^4]);
    }

    [Theory]
    [InlineData(3, "Tensor 'pair': 3 bytes were written, expected 4 for F16 [2].")]
    [InlineData(0, "Tensor 'pair': 0 bytes were written, expected 4 for F16 [2].")]
    [InlineData(5, "Tensor 'pair': at least 5 bytes were written, expected 4 for F16 [2].")]
    public void Write_WrongNumberOfBytes_Throws(int bytes, string expected)
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Write(new SafetensorsWriter([Pair]), new byte[bytes]));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Write_Path_ReplacesTheFileWhole()
    {
        using var folder = new TemporaryFolder();
        folder.Write("m.safetensors", new byte[1000]);
        new SafetensorsWriter([Pair]).Write(
            folder["m.safetensors"], (_, stream) => stream.Write([1, 2, 3, 4]), TestContext.Current.CancellationToken);
        using var file = SafetensorsFile.Open(folder["m.safetensors"]);
        Assert.Equal("F16 [2]", file.Entries.Single().ToString());
        Assert.Equal(["m.safetensors"], folder.Names);
    }

    [Fact]
    public void Constructor_NameTwice_Throws()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new SafetensorsWriter([Pair, Pair]));
        Assert.StartsWith("Tensor name 'pair' comes twice, expected each once.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PlannedTensor_WrongArguments_Throw()
    {
        Assert.Throws<ArgumentException>(() => new PlannedTensor("", ElementType.F32, 1));
        Assert.Throws<ArgumentException>(() => new PlannedTensor("__metadata__", ElementType.F32, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PlannedTensor("a", ElementType.F32, -1));
        Assert.Throws<ArgumentException>(() => new PlannedTensor("a", (ElementType)9, 1));
        Assert.Throws<ArgumentException>(() => new PlannedTensor("a", ElementType.F32, 1L << 40, 1L << 40));
        Assert.Throws<ArgumentException>(() => new PlannedTensor("a", ElementType.F32, [.. Enumerable.Repeat(1L, 17)]));
    }

    private static byte[] Write(SafetensorsWriter writer, byte[] content)
    {
        using var stream = new MemoryStream();
        writer.Write(stream, (_, tensor) => tensor.Write(content), TestContext.Current.CancellationToken);
        return stream.ToArray();
    }
}
