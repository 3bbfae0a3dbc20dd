using Niwaki.Formats.Gguf;

namespace Niwaki.Tests.Formats.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_OneEntryAndTwoTensors_GivesTheseBytes()
    {
        var writer = new GgufWriter([new("k", GgufValue.Of(7u))], [new("a", GgufTensorType.F16, 2, 3), new("b", GgufTensorType.F32, 1)]);
        writer.Write(_folder["m.gguf"], (tensor, stream) => stream.Write(Enumerable.Range(1, (int)tensor.ByteLength).Select(i => (byte)i).ToArray()), TestContext.Current.CancellationToken);

        byte[] expected = GgufBytes.File(
            [GgufBytes.Entry("k", 4, 7, 0, 0, 0)], [GgufBytes.Tensor("a", [3, 2], 1), GgufBytes.Tensor("b", [1], 0, 32)], 64);
        int data = expected.Length - 64;
        expected.AsSpan(data).Clear();
        Enumerable.Range(1, 12).Select(i => (byte)i).ToArray().CopyTo(expected, data);
        new byte[] { 1, 2, 3, 4 }.CopyTo(expected, data + 32);
        Assert.Equal(expected, System.IO.File.ReadAllBytes(_folder["m.gguf"]));
        Assert.Equal(expected.Length, writer.ByteLength);
    }

    [Fact]
    public void Write_EveryTypeOfValue_IsReadBack()
    {
        object[] contents =
        [
            (byte)1, (sbyte)-1, (ushort)2, (short)-2, 3u, -3, 0.5f, true, "text ▁", 4UL, -4L, 0.25,
            new byte[] { 1 }, new sbyte[] { -1 }, new ushort[] { 2 }, new short[] { -2 }, new uint[] { 3 }, new[] { -3, 5 }, new[] { 0.5f }, new[] { true, false },
            new[] { "a", "" }, new ulong[] { 4 }, new long[] { -4 }, new[] { 0.25 }, Array.Empty<string>(),
        ];
        new GgufWriter([.. contents.Select((content, i) => KeyValuePair.Create($"k{i}", GgufValue.Of(content)))], [])
            .Write(_folder["m.gguf"], (_, _) => Assert.Fail(), TestContext.Current.CancellationToken);
        using var file = GgufFile.Open(_folder["m.gguf"]);
        Assert.Equal(contents, file.Metadata.Entries.Select(entry => entry.Value.Content));
    }

    [Fact]
    public void Write_ArrayOfArrays_IsReadBack()
    {
        GgufValue[] inner = [GgufValue.Of(new[] { 1, 2 }), GgufValue.Of(new[] { "x" })];
        new GgufWriter([new("k", GgufValue.Of(inner))], []).Write(_folder["m.gguf"], (_, _) => { }, TestContext.Current.CancellationToken);
        using var file = GgufFile.Open(_folder["m.gguf"]);
        var read = (GgufValue[])file.Metadata.Find("k")!.Content;
        Assert.Equal(new[] { 1, 2 }, read[0].Content);
        Assert.Equal(new[] { "x" }, read[1].Content);
    }

    [Fact]
    public void Write_CallbackWritesTooLittle_LeavesTheOldFile()
    {
        string path = _folder.Write("m.gguf", "old");
        var writer = new GgufWriter([], [new GgufPlannedTensor("a", GgufTensorType.F32, 2)]);
        var error = Assert.Throws<InvalidOperationException>(() => writer.Write(path, (_, stream) => stream.Write(new byte[4]), TestContext.Current.CancellationToken));
        Assert.Equal("Tensor 'a': 4 bytes were written, expected 8 for F32 [2].", error.Message);
        Assert.Equal("old", System.IO.File.ReadAllText(path));
        Assert.Equal(["m.gguf"], _folder.Names);
    }

    [Fact]
    public void Plan_NamesOrKeysTwice_Throws()
    {
        Assert.Throws<ArgumentException>(() => new GgufWriter([], [new("a", GgufTensorType.F32, 1), new("a", GgufTensorType.F32, 1)]));
        Assert.Throws<ArgumentException>(() => new GgufWriter([new("k", GgufValue.Of(1u)), new("k", GgufValue.Of(1u))], []));
        Assert.Throws<ArgumentException>(() => new GgufWriter([new("general.alignment", GgufValue.Of(64u))], []));
        Assert.Throws<ArgumentException>(() => new GgufPlannedTensor("a", GgufTensorType.Q8_0, 2, 33));
        Assert.Throws<ArgumentException>(() => new GgufPlannedTensor(new string('x', 64), GgufTensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => GgufValue.Of(new object()));
    }
}
