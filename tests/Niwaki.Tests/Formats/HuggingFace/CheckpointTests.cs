using System.Security.Cryptography;
using System.Text;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Tests.Formats.Safetensors;

namespace Niwaki.Tests.Formats.HuggingFace;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CheckpointTests() => _folder.Write("config.json", """{"hidden_size": 2}""");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_SingleFile_ListsItsTensors()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("b", "a"));
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(["b", "a"], checkpoint.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(2, checkpoint.Config.GetInt32("hidden_size", 1, 9));
        Assert.Null(checkpoint.GenerationConfig);
        Assert.True(checkpoint.Contains("a"));
        Assert.False(checkpoint.Contains("c"));
        Assert.Null(checkpoint.Find("c"));
        Assert.Equal(new FileInfo(_folder["model.safetensors"]).Length, checkpoint.WeightFileBytes);
    }

    [Fact]
    public unsafe void Open_Shards_FindsEachTensorInItsShard()
    {
        WriteShards("""{"a":"s-2.safetensors","b":"s-1.safetensors","c":"s-1.safetensors"}""");
        _folder.Write("s-1.safetensors", SafetensorsBytes.Vectors("c", "b"));
        _folder.Write("s-2.safetensors", SafetensorsBytes.Vectors("a"));
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(["c", "b", "a"], checkpoint.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(8, *checkpoint.Vector("b", 2).Pointer); // the bytes of a file count 0, 1, 2, … and b is the second vector
    }

    [Fact]
    public void Open_SingleFileAndIndex_TakesTheSingleFile()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        WriteShards("""{"b":"s-1.safetensors"}""");
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal("a", checkpoint.Tensors.Single().Name);
    }

    [Fact]
    public void Open_LinkedFiles_FollowsThem()
    {
        _folder.Write("blobs/1", SafetensorsBytes.Vectors("a"));
        File.CreateSymbolicLink(_folder["model.safetensors"], _folder["blobs/1"]);
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.True(checkpoint.Contains("a"));
    }

    [Theory]
    [InlineData("[]", "'weight_map' is missing or no object")]
    [InlineData("{}", "'weight_map' is missing or no object")]
    [InlineData("""{"weight_map":[]}""", "'weight_map' is missing or no object")]
    [InlineData("""{"weight_map":{}}""", "'weight_map' lists 0 files, expected 1 to 10,000")]
    [InlineData("""{"weight_map":{"a":1}}""", "tensor 'a' is in 1, expected a plain file name")]
    [InlineData("""{"weight_map":{"a":""}}""", "tensor 'a' is in \"\", expected a plain file name")]
    [InlineData("""{"weight_map":{"a":"../s.safetensors"}}""", "tensor 'a' is in \"../s.safetensors\"")]
    [InlineData("""{"weight_map":{"a":"/tmp/s.safetensors"}}""", "tensor 'a' is in \"/tmp/s.safetensors\"")]
    [InlineData("""{"weight_map":{"a":"sub/s.safetensors"}}""", "tensor 'a' is in \"sub/s.safetensors\"")]
    [InlineData("""{"weight_map":{"a":"sub\\s.safetensors"}}""", "tensor 'a' is in")]
    [InlineData("""{"weight_map":{"a":"C:s.safetensors"}}""", "tensor 'a' is in \"C:s.safetensors\"")]
    [InlineData("""{"weight_map":{"a":"s\u0000.safetensors"}}""", "tensor 'a' is in")]
    [InlineData("""{"weight_map":{"a":".safetensors"}}""", "tensor 'a' is in \".safetensors\"")]
    [InlineData("""{"weight_map":{"a":"s.bin"}}""", "tensor 'a' is in \"s.bin\"")]
    [InlineData("""{"weight_map":{"a":"absent.safetensors"}}""", "shard 'absent.safetensors' is not in the folder")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors","a":"s-1.safetensors"}}""", "name 'a' appears twice")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors"}""", "JSON is broken")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors","x":"s-1.safetensors"}}""", "tensor 'x' is not in 's-1.safetensors'")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors","b":"s-1.safetensors","c":"s-2.safetensors"}}""", "tensor 'b' is in 's-2.safetensors', expected in 's-1.safetensors'")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors","b":"s-2.safetensors"}}""", "tensor 'c' is not in 'weight_map'")]
    [InlineData("""{"weight_map":{"a":"s-1.safetensors","b":"s-3.safetensors"}}""", "tensor 'a' is also in 's-1.safetensors'")]
    [InlineData("""{"weight_map":{"a":"s-4.safetensors"}}""", "file is empty")]
    public void Open_BrokenIndex_NamesTheFault(string index, string expected)
    {
        _folder.Write("model.safetensors.index.json", index);
        _folder.Write("s-1.safetensors", SafetensorsBytes.Vectors("a"));
        _folder.Write("s-2.safetensors", SafetensorsBytes.Vectors("b", "c"));
        _folder.Write("s-3.safetensors", SafetensorsBytes.Vectors("a", "b"));
        _folder.Write("s-4.safetensors", []);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(_folder.Path));
        Assert.Contains($": {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BrokenConfigOrGenerationConfig_Throws()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        _folder.Write("generation_config.json", "[");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(_folder.Path));
        Assert.Equal(_folder["generation_config.json"], error.File);
        _folder.Write("config.json", "");
        error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(_folder.Path));
        Assert.Equal(_folder["config.json"], error.File);
    }

    [Fact]
    public void Matrix_MissingTensor_NamesTheListAndTheShape()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        using var checkpoint = Checkpoint.Open(_folder.Path);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => checkpoint.Matrix("w", 3, 4));
        Assert.Equal("model.safetensors: tensor 'w' is missing, expected [3, 4].", error.Message);
        error = Assert.Throws<ModelFormatException>(() => checkpoint.Vector("a", 3));
        Assert.Contains("tensor 'a' has shape [2], expected [3].", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SideFiles_ManyFiles_AreThoseThatBelongToTheModel()
    {
        string[] taken =
        [
            "LICENSE", "NOTICE.txt", "USE_POLICY.md", "additional_chat_templates/a.jinja", "chat_template.jinja", "generation_config.json", "licence.md",
            "merges.txt", "tokenizer.json", "tokenizer.model",
        ];
        string[] left =
        [
            "README.md", "pytorch_model.bin", "model.gguf", "TOKENIZER.JSON.bak", "additional_chat_templates/a.txt", "additional_chat_templates/b/c.jinja", "LICENSES/mit",
        ];
        foreach (string name in taken.Concat(left))
        {
            _folder.Write(name, "{}");
        }

        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        _folder.Write("target/tokenizer.json", "old");
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(taken, checkpoint.SideFiles);

        checkpoint.CopySideFiles(_folder["target"]);
        Assert.Equal(
            taken,
            Directory.GetFiles(_folder["target"], "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(_folder["target"], path).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(_folder["target"], "tokenizer.json")));
    }

    [Fact]
    public void SideFiles_TemplatesThatAreLinks_OnlyThoseThatStayInTheModel()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        using var outside = new TemporaryFolder();
        outside.Write("secret.jinja", "secret");
        _folder.Write("model/chat_template.jinja", "default");
        _folder.Write("model/additional_chat_templates/plain.jinja", "plain");
        File.CreateSymbolicLink(_folder["model/additional_chat_templates/inside.jinja"], "../chat_template.jinja");
        File.CreateSymbolicLink(_folder["model/additional_chat_templates/outside.jinja"], outside["secret.jinja"]);
        File.CreateSymbolicLink(_folder["model/additional_chat_templates/nowhere.jinja"], "gone.jinja");
        Assert.Equal(["additional_chat_templates/inside.jinja", "additional_chat_templates/plain.jinja", "chat_template.jinja"], SideFiles.In(_folder["model"]));

        // A licence is not read here, whatever it is: the copy would be published.
        File.CreateSymbolicLink(_folder["model/NOTICE"], outside["secret.jinja"]);
        File.CreateSymbolicLink(_folder["model/LICENSE"], "gone.txt");
        File.CreateSymbolicLink(_folder["model/COPYING"], "chat_template.jinja");
        Assert.Equal(["COPYING"], SideFiles.In(_folder["model"]).Where(name => !name.Contains("chat_template", StringComparison.Ordinal)));

        _folder.Write("linked/LICENSE", "");
        Directory.CreateSymbolicLink(_folder["linked/additional_chat_templates"], outside.Path);
        Assert.Equal(["LICENSE"], SideFiles.In(_folder["linked"]));

        // The cache of the hub: every file of a snapshot is a link to a blob.
        _folder.Write("blobs/0a1b", "template");
        _folder.Write("snapshots/main/additional_chat_templates/plain.jinja", "plain");
        File.CreateSymbolicLink(_folder["snapshots/main/additional_chat_templates/blob.jinja"], "../../../blobs/0a1b");
        File.CreateSymbolicLink(_folder["snapshots/main/tokenizer.json"], "../../blobs/0a1b");
        File.CreateSymbolicLink(_folder["snapshots/main/LICENSE"], "../../blobs/0a1b");
        File.CreateSymbolicLink(_folder["snapshots/main/loop.txt"], "loop.txt");
        string[] snapshot = ["LICENSE", "additional_chat_templates/blob.jinja", "additional_chat_templates/plain.jinja", "tokenizer.json"];
        Assert.Equal(snapshot, SideFiles.In(_folder["snapshots/main"]));

        // Reached over links, from places where the targets mean something else.
        Directory.CreateSymbolicLink(outside["model"], _folder["snapshots/main"]);
        Directory.CreateSymbolicLink(outside["all"], _folder["snapshots"]);
        Assert.Equal(snapshot, SideFiles.In(outside["model"]));
        Assert.Equal(snapshot, SideFiles.In(outside["all/main"]));
    }

    [Fact]
    public void Hashes_OneVector_AreThoseOfTheDocumentedBytes()
    {
        // name "a", one dimension, 2; for the content also type "F32" and the bytes 0 to 7. Lengths and numbers have 8 bytes, little-endian.
        byte[] structure = [.. Number(1), (byte)'a', .. Number(1), .. Number(2)];
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(Hash(structure), checkpoint.StructureHash);
        Assert.Equal(Hash([.. structure, .. Number(3), .. "F32"u8, 0, 1, 2, 3, 4, 5, 6, 7]), checkpoint.ContentHash(TestContext.Current.CancellationToken));

        static byte[] Number(byte value) => [value, 0, 0, 0, 0, 0, 0, 0];
        static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    [Fact]
    public void Hashes_SameTensorsInShards_AreTheSame()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a", "b"));
        string structure;
        string content;
        using (var single = Checkpoint.Open(_folder.Path))
        {
            (structure, content) = (single.StructureHash, single.ContentHash(TestContext.Current.CancellationToken));
        }

        using (var source = Checkpoint.Open(_folder.Path))
        {
            PlannedTensor[] tensors = [.. source.Tensors.Reverse().Select(tensor => PlannedTensor.CopyOf(tensor))];
            new CheckpointWriter(tensors, maxShardBytes: 8).Write(
                _folder["sharded"], (tensor, stream) => source.CopyTensor(tensor.Name, stream), TestContext.Current.CancellationToken);
        }

        File.Copy(_folder["config.json"], _folder["sharded/config.json"]);
        using var sharded = Checkpoint.Open(_folder["sharded"]);
        Assert.Equal(structure, sharded.StructureHash);
        Assert.Equal(content, sharded.ContentHash(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void ContentHash_OneByteChanged_IsAnother()
    {
        byte[] bytes = SafetensorsBytes.Vectors("a", "b");
        string before = ContentHashOf(bytes);
        bytes[^1] ^= 1;
        Assert.NotEqual(before, ContentHashOf(bytes));

        string ContentHashOf(byte[] file)
        {
            _folder.Write("model.safetensors", file);
            using var checkpoint = Checkpoint.Open(_folder.Path);
            return checkpoint.ContentHash(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void ContentHash_Cancelled_Stops()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Vectors("a"));
        using var checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Throws<OperationCanceledException>(() => checkpoint.ContentHash(new CancellationToken(canceled: true)));
    }

    private void WriteShards(string weightMap) =>
        _folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes($$"""{"metadata":{"total_size":1},"weight_map":{{weightMap}}}"""));
}
