using Niwaki.Export.Gguf;
using Niwaki.Export.HuggingFace;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Export.Gguf;

/// <summary>What a stock llama.cpp calculates from our files beside what our own engine calculates from the source.</summary>
public sealed class StockLlamaLogitsTests : IDisposable
{
    private const string Llama3Rope = """
        {"rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}}
        """;

    private const string Yarn = """
        {"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 32}}
        """;

    private const string YarnWithFactor = """
        {"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 32, "attention_factor": 0.9}}
        """;

    private static readonly BlockShape[] Dense = [new(4, 2, 96), new(4, 2, 96), new(4, 2, 96), new(4, 2, 96)];
    private static readonly BlockShape[] Depth = Dense[..2];
    private static readonly BlockShape[] Narrow = [new(2, 1, 64), new(2, 1, 64), new(2, 1, 64)];

    /// <summary>Ratios 2, 1 and 4, a block without attention, one without MLP, one with neither, one neuron.</summary>
    private static readonly BlockShape[] Mixed = [new(4, 2, 96), new(3, 3, 33), new(0, 0, 64), new(4, 1, 1), new(0, 0, 0), new(2, 1, 0), new(2, 2, 97)];

    /// <summary>The first block without attention, then one without MLP.</summary>
    private static readonly BlockShape[] FirstEmptied = [new(0, 0, 64), new(4, 2, 0), new(4, 2, 64)];

    /// <summary>The last block without MLP, and nothing of the block behind it.</summary>
    private static readonly BlockShape[] LastWithoutMlp = [new(4, 2, 64), new(2, 2, 0), new(0, 0, 0)];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string, int[], string, bool> Cases { get; } = Build();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_F32_EqualOurs(string architecture, string family, int[] shapes, string extra, bool tied)
    {
        using var model = new OpenModel(Spec(family, Shapes(shapes), extra, tied), threads: 1);
        string path = Export(model, GgufTensorType.F32, out string found);
        Assert.Equal(architecture, found);
        (double difference, double size) = Compare(model, path);
        Assert.InRange(difference, 0, 1e-4 * size);
    }

    /// <summary>Profile padded: every family as its own architecture, Qwen3 with a head of its own too, for which no container takes different blocks.</summary>
    [Theory]
    [InlineData("llama", "llama", "{}")]
    [InlineData("llama", "llama", """{"attention_bias": true, "mlp_bias": true}""")]
    [InlineData("llama", "mistral", "{}")]
    [InlineData("llama", "qwen2", "{}")]
    [InlineData("qwen3", "qwen3", "{}")]
    public void Logits_PaddedBlocks_EqualOurs(string architecture, string family, string extra)
    {
        using var model = new OpenModel(Spec(family, Mixed, extra, tied: false), threads: 1);
        using var padded = PaddedModel.Open(model.Checkpoint, model.Config, PaddingTarget.Widest);
        string path = Export(padded.Checkpoint, padded.Config, GgufTensorType.F32, out string found);
        Assert.Equal(architecture, found);
        (double difference, double size) = Compare(model, path);
        Assert.InRange(difference, 0, 1e-4 * size);
    }

    /// <summary>Against the source: what is left is the rounding of the weights, and for encodings of 8 bits and fewer that of activations to 8 bits.</summary>
    [Theory]
    [InlineData("llama", GgufTensorType.Q8_0, 0.03)]
    [InlineData("qwen2", GgufTensorType.Q8_0, 0.03)]
    [InlineData("qwen3", GgufTensorType.Q8_0, 0.03)]
    [InlineData("llama", GgufTensorType.F16, 2e-3)]
    [InlineData("llama", GgufTensorType.BF16, 2e-2)]
    [InlineData("llama", GgufTensorType.Q4_0, 0.5)]
    [InlineData("llama", GgufTensorType.Q5_1, 0.2)]
    public void Logits_OtherEncodings_DifferByWhatRoundingExplains(string family, GgufTensorType type, double share)
    {
        using var model = new OpenModel(Spec(family, family == "qwen2" ? [.. Mixed.Where(block => block.HasMlp)] : Mixed, "{}", true), threads: 1);
        string path = Export(model, type, out _);
        (double difference, double size) = Compare(model, path);
        Assert.InRange(difference, 1e-6 * size, share * size);
    }

    /// <summary>Rows of one block, which llama.cpp's AMX kernels multiply wrongly for 32 tokens and more, are not stored in blocks.</summary>
    [Theory]
    [InlineData(2, 1, 96)]
    [InlineData(4, 2, 32)]
    [InlineData(4, 2, 0)]
    public void Logits_NarrowRowsOfEightBits_AreThoseOfTheModel(int heads, int keyValueHeads, int neurons)
    {
        BlockShape[] blocks = [new(4, 2, 64), new(heads, keyValueHeads, neurons), new(4, 2, 64)];
        using var model = new OpenModel(Spec("llama", blocks, "{}", true), threads: 1);
        (double difference, double size) = Compare(model, Export(model, GgufTensorType.Q8_0, out _));
        Assert.InRange(difference, 0, 0.03 * size);
    }

    /// <summary>Encodings that we read and do not write: matrices encoded by ggml, run by both. llama.cpp rounds activations to 8 bits.</summary>
    [Theory]
    [InlineData(GgufTensorType.Q4_K)]
    [InlineData(GgufTensorType.Q5_K)]
    [InlineData(GgufTensorType.Q6_K)]
    public void Logits_FileWithGroupedBlocks_EqualOursReadFromIt(GgufTensorType type)
    {
        RandomCheckpointSpec spec = Spec("llama", [new(4, 2, 256), new(4, 2, 256)], "{}", true) with { HiddenSize = 256, HeadDim = 64 };
        using var model = new OpenModel(spec, threads: 1);
        string plain = Export(model, GgufTensorType.F32, out _);
        string path = _folder["grouped.gguf"];
        using (var file = GgufFile.Open(plain))
        using (StockLlama peer = StockLlama.Codecs())
        {
            GgufTensorType TypeOf(GgufTensor tensor) => tensor.Shape.Count == 2 ? type : GgufTensorType.F32;
            new GgufWriter(file.Metadata.Entries, [.. file.Tensors.Select(tensor => new GgufPlannedTensor(tensor.Name, TypeOf(tensor), [.. tensor.Shape]))]).Write(
                path,
                (planned, stream) =>
                {
                    GgufTensor tensor = file.Find(planned.Name)!;
                    byte[] bytes = file.Rows(tensor, 0, (int)tensor.Rows).ToArray();
                    float[] numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
                    stream.Write(planned.Type == type ? peer.Encode((int)type, numbers, (int)tensor.Columns) : bytes);
                },
                TestContext.Current.CancellationToken);
        }

        using var checkpoint = Checkpoint.Open(path);
        using var team = new ThreadTeam(1);
        using var ours = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team);
        (double difference, double size) = Compare(ours, model.Windows(1, 9, 40), path);
        Assert.InRange(difference, 0, 0.1 * size);
    }

    [Fact]
    public void Logits_FlashAttention_AreClose()
    {
        using var model = new OpenModel(Spec("llama", Mixed, "{}", false), threads: 1);
        (double difference, double size) = Compare(model, Export(model, GgufTensorType.F32, out _), flashAttention: true);
        Assert.InRange(difference, 0, 2e-2 * size); // sums values in half precision
    }

    /// <summary>The traps of the container are real: this is what would happen without the made-up MLP.</summary>
    [Fact]
    public void Load_TensorTooMany_IsRefusedByLlamaCpp()
    {
        using var model = new OpenModel(Spec("llama", Mixed, "{}", true), threads: 1);
        string path = Export(model, GgufTensorType.F32, out _);
        using (var file = GgufFile.Open(path))
        {
            var writer = new GgufWriter(
                file.Metadata.Entries, [.. file.Tensors.Select(tensor => new GgufPlannedTensor(tensor.Name, tensor.Type!.Value, [.. tensor.Shape])), new("extra.weight", GgufTensorType.F32, 1)]);
            writer.Write(_folder["extra.gguf"], (tensor, stream) => stream.Write(file.Find(tensor.Name) is { } found ? file.Rows(found, 0, (int)found.Rows) : new byte[4]), TestContext.Current.CancellationToken);
        }

        var error = Assert.Throws<InvalidOperationException>(() => StockLlama.Load(_folder["extra.gguf"]));
        Assert.Contains("wrong number of tensors", error.Message, StringComparison.Ordinal);
    }

    private static TheoryData<string, string, int[], string, bool> Build()
    {
        var cases = new TheoryData<string, string, int[], string, bool>();
        foreach (bool tied in (bool[])[false, true])
        {
            foreach (string family in (string[])["llama", "mistral"])
            {
                Add("llama", family, Dense, "{}", tied);
                Add("llama", family, Depth, "{}", tied);
                Add("llama", family, Narrow, "{}", tied);
                Add("deci", family, Mixed, "{}", tied);
                Add("deci", family, FirstEmptied, "{}", tied);
                Add("deci", family, LastWithoutMlp, "{}", tied);
            }

            Add("qwen2", "qwen2", Dense, "{}", tied);
            Add("qwen2", "qwen2", Depth, "{}", tied);
            Add("llama", "qwen2", Narrow, "{}", tied); // narrow queries do not load as qwen2
            Add("deci", "qwen2", Mixed, "{}", tied);
            Add("deci", "qwen2", FirstEmptied, "{}", tied);
            Add("qwen3", "qwen3", Dense, "{}", tied);
            Add("qwen3", "qwen3", Depth, "{}", tied);
            Add("qwen3", "qwen3", Narrow, "{}", tied);
            Add("llama", "llama", Dense, Llama3Rope, tied);
            Add("deci", "llama", Mixed, Llama3Rope, tied);
        }

        Add("openelm", "qwen3", Mixed, "{}", true);
        Add("openelm", "qwen3", FirstEmptied, "{}", true);
        Add("openelm", "qwen3", LastWithoutMlp, "{}", true);
        Add("llama", "llama", Dense, """{"attention_bias": true, "mlp_bias": true}""", false);
        Add("deci", "llama", Mixed, """{"attention_bias": true, "mlp_bias": true}""", false);
        Add("llama", "llama", Dense, """{"rope_scaling": {"rope_type": "linear", "factor": 2}}""", false);
        Add("llama", "llama", Dense, Yarn, false);
        Add("deci", "llama", Mixed, YarnWithFactor, false);
        Add("qwen2", "qwen2", Dense, Yarn, false);
        return cases;

        void Add(string architecture, string family, BlockShape[] blocks, string extra, bool tied) =>
            cases.Add(architecture, family, [.. blocks.SelectMany(block => (int[])[block.Heads, block.KeyValueHeads, block.Neurons])], extra, tied);
    }

    private static BlockShape[] Shapes(int[] sizes) => [.. sizes.Chunk(3).Select(block => new BlockShape(block[0], block[1], block[2]))];

    private static RandomCheckpointSpec Spec(string family, BlockShape[] blocks, string extra, bool tied) => new()
    {
        ModelType = family,
        HiddenSize = 64,
        HeadDim = 16,
        VocabularySize = 160,
        Blocks = blocks,
        ElementType = ElementType.F32,
        TiedEmbeddings = tied,
        ExtraConfig = extra,
    };

    private string Export(OpenModel model, GgufTensorType type, out string architecture) => Export(model.Checkpoint, model.Config, type, out architecture);

    private string Export(Checkpoint source, ModelConfig config, GgufTensorType type, out string architecture)
    {
        var export = GgufExport.Plan(source, config, new GgufExportOptions { Type = type });
        architecture = export.Architecture;
        export.Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        return _folder["m.gguf"];
    }

    /// <summary>Largest difference of logits over three prompts, and the largest logit.</summary>
    private static (double Difference, double Size) Compare(OpenModel model, string path, bool flashAttention = false)
    {
        using Transformer ours = model.Load();
        return Compare(ours, model.Windows(1, 9, 70), path, flashAttention);
    }

    private static (double Difference, double Size) Compare(Transformer ours, int[][] prompts, string path, bool flashAttention = false)
    {
        using StockLlama peer = StockLlama.Load(path);
        double difference = 0;
        double size = 0;
        foreach (int[] ids in prompts)
        {
            float[] found = peer.Logits(ids, flashAttention);
            float[] expected = Logits(ours, ids);
            Assert.Equal(expected.Length, found.Length);
            difference = Math.Max(difference, expected.Zip(found, (a, b) => Math.Abs((double)a - b)).Max());
            size = Math.Max(size, expected.Max(value => Math.Abs((double)value)));
        }

        return (double.IsNaN(difference) ? double.PositiveInfinity : difference, size);
    }

    private static float[] Logits(Transformer model, int[] ids)
    {
        using ResidualStream stream = model.Embed([ids]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        using var buffer = new NativeBuffer<float>((long)ids.Length * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, ids.Length, model.Config.VocabularySize);
        model.Logits(stream, [.. Enumerable.Range(0, ids.Length)], logits);
        return buffer.Span.ToArray();
    }
}
