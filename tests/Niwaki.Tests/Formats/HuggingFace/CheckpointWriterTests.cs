using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Formats.HuggingFace;

public sealed class CheckpointWriterTests : IDisposable
{
    private static readonly PlannedTensor[] ThreeTensors =
    [
        new("b", ElementType.F32, 2), // 8 bytes
        new("a", ElementType.BF16, 2, 3), // 12 bytes
        new("c", ElementType.F16, 1), // 2 bytes
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(22, "model.safetensors")]
    [InlineData(21, "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json")] // 8 + 12, 2
    [InlineData(14, "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json")] // 8, 12 + 2
    [InlineData(1, "model-00001-of-00003.safetensors model-00002-of-00003.safetensors model-00003-of-00003.safetensors model.safetensors.index.json")]
    public void Write_ShardSize_MakesThePlannedFiles(long maxShardBytes, string names)
    {
        var writer = new CheckpointWriter(ThreeTensors, maxShardBytes);
        Write(writer);
        Assert.Equal(names.Split(' '), _folder.Names);
        Assert.Equal(_folder.Names, writer.Files.Select(file => file.Name));
        Assert.All(writer.Files, file => Assert.Equal(file.ByteLength, new FileInfo(_folder[file.Name]).Length));
        Assert.Equal(_folder.Names.Sum(name => new FileInfo(_folder[name]).Length), writer.ByteLength);
    }

    [Fact]
    public void Write_Shards_IndexMapsNamesInOrder()
    {
        Write(new CheckpointWriter(ThreeTensors, 14));
        const string Expected = """
            {
              "metadata": {
                "total_size": 22
              },
              "weight_map": {
                "a": "model-00002-of-00002.safetensors",
                "b": "model-00001-of-00002.safetensors",
                "c": "model-00002-of-00002.safetensors"
              }
            }

            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), File.ReadAllText(_folder["model.safetensors.index.json"]));
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(1, 100)]
    [InlineData(1, 14)]
    [InlineData(14, 1)]
    [InlineData(100, 100)]
    public void Write_OverAnEarlierCheckpoint_LeavesTheNewOneAlone(long earlierShardBytes, long maxShardBytes)
    {
        _folder.Write("model-card.md", "kept");
        _folder.Write("model-00001-of-00002.safetensors.bak", "kept");
        Write(new CheckpointWriter([new PlannedTensor("x", ElementType.F32, 1), new PlannedTensor("y", ElementType.F32, 1)], earlierShardBytes));
        var writer = new CheckpointWriter(ThreeTensors, maxShardBytes);
        Write(writer);
        string[] expected = [.. writer.Files.Select(file => file.Name), "model-card.md", "model-00001-of-00002.safetensors.bak"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _folder.Names);
        _folder.Write("config.json", "{}");
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(["b", "a", "c"], checkpoint.Tensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void Write_CallbackFails_LeavesTheFolderAsItWas(long maxShardBytes)
    {
        foreach (long earlier in (long[])[100, 1])
        {
            Write(new CheckpointWriter([new PlannedTensor("x", ElementType.F32, 1), new PlannedTensor("y", ElementType.F32, 1)], earlier));
            var before = _folder.Names.ToDictionary(name => name, name => Convert.ToHexString(File.ReadAllBytes(_folder[name])));
            Assert.Throws<TimeoutException>(() => new CheckpointWriter(ThreeTensors, maxShardBytes).Write(
                _folder.Path,
                (tensor, stream) => stream.Write(tensor.Name == "c" ? throw new TimeoutException() : new byte[tensor.ByteLength]),
                TestContext.Current.CancellationToken));
            Assert.Equal(before, _folder.Names.ToDictionary(name => name, name => Convert.ToHexString(File.ReadAllBytes(_folder[name]))));
        }
    }

    [Fact]
    public void Write_CancelledBetweenTensors_LeavesNothing()
    {
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => new CheckpointWriter(ThreeTensors, 1).Write(
            _folder.Path,
            (tensor, stream) =>
            {
                stream.Write(new byte[tensor.ByteLength]);
                source.Cancel();
            },
            source.Token));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Write_MoreThanTheDiskHolds_FailsBeforeTheFirstTensor()
    {
        // 2^52 bytes = 4 PiB, more than a file or a disk can have; the callback would fail otherwise.
        var writer = new CheckpointWriter([new PlannedTensor("a", ElementType.F32, 1L << 50)]);
        Assert.Throws<IOException>(() => writer.Write(_folder.Path, (_, _) => throw new TimeoutException(), TestContext.Current.CancellationToken));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Write_IntoTheFolderItReadsFrom_Works()
    {
        Write(new CheckpointWriter(ThreeTensors, 1));
        _folder.Write("config.json", "{}");
        using (var source = Checkpoint.Open(_folder.Path))
        {
            PlannedTensor[] tensors = [.. source.Tensors.Where(tensor => tensor.Name != "b").Select(tensor => PlannedTensor.CopyOf(tensor))];
            new CheckpointWriter(tensors).Write(
                _folder.Path, (tensor, stream) => source.CopyTensor(tensor.Name, stream), TestContext.Current.CancellationToken);
        }

        using var result = Checkpoint.Open(_folder.Path);
        Assert.Equal(["a", "c"], result.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Constructor_SameNameInTwoShards_Throws() =>
        Assert.Throws<ArgumentException>(() => new CheckpointWriter([ThreeTensors[0], ThreeTensors[1], ThreeTensors[0]], 1));

    [Fact]
    public void Constructor_NoShardSize_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CheckpointWriter(ThreeTensors, 0));

    /// <summary>Random tensors in random shards come back with the same names, types, shapes and bytes.</summary>
    [Fact]
    public void Write_RandomTensors_ReadBackTheSame()
    {
        _folder.Write("config.json", "{}");
        for (int round = 0; round < 40; round++)
        {
            var random = new SeededRandom(31, round);
            PlannedTensor[] tensors = [.. Enumerable.Range(0, random.NextInt(9)).Select(i => RandomTensor(random, i))];
            var contents = tensors.ToDictionary(tensor => tensor.Name, tensor => RandomBytes(random, tensor.ByteLength));
            new CheckpointWriter(tensors, 1 + random.NextInt(300)).Write(
                _folder.Path, (tensor, stream) => WriteInPieces(random, contents[tensor.Name], stream), TestContext.Current.CancellationToken);

            using var checkpoint = Checkpoint.Open(_folder.Path);
            // Sorted on both sides: a tensor without elements has no place of its own among its neighbours.
            Assert.Equal(
                tensors.Select(tensor => $"{tensor.Name} {tensor}").Order(StringComparer.Ordinal),
                checkpoint.Tensors.Select(entry => $"{entry.Name} {entry}").Order(StringComparer.Ordinal));
            foreach (SafetensorsEntry entry in checkpoint.Tensors)
            {
                using var bytes = new MemoryStream();
                checkpoint.CopyTensor(entry.Name, bytes, TestContext.Current.CancellationToken);
                Assert.Equal(contents[entry.Name], bytes.ToArray());
            }
        }
    }

    private static PlannedTensor RandomTensor(SeededRandom random, int index)
    {
        string[] names = ["plain", "quo\"te", "back\\slash", "ümläut 🌳", "con\u0001trol", "<&>"];
        long[] shape = [.. Enumerable.Range(0, random.NextInt(4)).Select(_ => (long)random.NextInt(5))];
        return new PlannedTensor($"{names[random.NextInt(names.Length)]}.{index}", (ElementType)random.NextInt(3), shape);
    }

    private static byte[] RandomBytes(SeededRandom random, long count) =>
        [.. Enumerable.Range(0, (int)count).Select(_ => (byte)random.NextInt(256))];

    private static void WriteInPieces(SeededRandom random, byte[] bytes, Stream stream)
    {
        for (int done = 0; done < bytes.Length;)
        {
            int count = Math.Min(bytes.Length - done, 1 + random.NextInt(50));
            stream.Write(bytes, done, count);
            done += count;
        }
    }

    private void Write(CheckpointWriter writer) =>
        writer.Write(_folder.Path, (tensor, stream) => stream.Write(new byte[tensor.ByteLength]), TestContext.Current.CancellationToken);
}
