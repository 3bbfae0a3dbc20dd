using Niwaki.Evaluation;
using Niwaki.Export.Gguf;
using Niwaki.Export.HuggingFace;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tensors;
using Niwaki.Tests.Models;
using Niwaki.Tests.Pruning.Surgery;

namespace Niwaki.Tests.Formats.Gguf;

/// <summary>GGUF files as models: what was exported comes back as it was, and what is no model is refused.</summary>
public sealed class GgufModelTests : IDisposable
{
    private const string Llama3Rope = """
        {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}
        """;

    private static readonly BlockShape[] Equal = [new(4, 2, 96), new(4, 2, 96)];
    private static readonly BlockShape[] Mixed = [new(4, 2, 96), new(3, 3, 33), new(0, 0, 64), new(4, 1, 1), new(2, 1, 0)];
    private static readonly BlockShape[] FirstEmptied = [new(0, 0, 64), new(4, 2, 0), new(2, 2, 64)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int, ElementType, bool, string> RoundTrips()
    {
        var data = new TheoryData<string, int, ElementType, bool, string>();
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.F16, ElementType.BF16])
        {
            data.Add("llama", 0, type, false, "{}");
            data.Add("llama", 1, type, true, "{}");
            data.Add("qwen2", 0, type, true, "{}");
            data.Add("qwen3", 1, type, true, "{}");
        }

        data.Add("llama", 2, ElementType.BF16, false, Llama3Rope);
        data.Add("mistral", 1, ElementType.BF16, false, "{}");
        data.Add("qwen2", 1, ElementType.BF16, false, "{}");
        data.Add("qwen3", 0, ElementType.BF16, false, "{}");
        data.Add("qwen3", 2, ElementType.F16, true, "{}");
        data.Add("llama", 1, ElementType.F32, false, """{"attention_bias": true, "mlp_bias": true}""");
        data.Add("llama", 0, ElementType.F32, false, """{"rope_scaling": {"rope_type": "linear", "factor": 2.0}}""");
        data.Add("llama", 0, ElementType.F32, false, """{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "beta_fast": 16.0}}""");
        return data;
    }

    /// <summary>Hugging Face folder → GGUF → Hugging Face folder: the same tensors, bit for bit, and the same model.</summary>
    [Theory]
    [MemberData(nameof(RoundTrips))]
    public void Surgery_OfAnExportedModel_GivesTheTensorsOfItsSource(string family, int shapes, ElementType type, bool tied, string extra)
    {
        using var model = new OpenModel(Spec(family, shapes switch { 0 => Equal, 1 => Mixed, _ => FirstEmptied }, type, tied, extra), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        ModelConfig config = ModelConfigReader.Read(file);
        Assert.Equal(model.Config.Blocks, config.Blocks);
        using Checkpoint back = SurgeryFixture.Apply(file, [.. ModelSelection.All(config).Blocks], _folder["back"]);

        foreach (Checkpoint found in (Checkpoint[])[file, back])
        {
            Assert.Equal(Names(model.Checkpoint), Names(found));
            Assert.Equal(model.Checkpoint.ContentHash(TestContext.Current.CancellationToken), found.ContentHash(TestContext.Current.CancellationToken));
        }

        ModelConfig again = ModelConfigReader.Read(back);
        Assert.Equal(model.Config.Blocks, again.Blocks);
        Assert.Equal(model.Config.Features, again.Features);
        Assert.Equal(model.Config.NormEpsilon, again.NormEpsilon);
        Assert.Equal(model.Config.TiedEmbeddings, again.TiedEmbeddings);
        Assert.Equal(Frequencies(model), Frequencies(again), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Open_PrunedQuantisedFile_RunsLikeItsDecodedNumbers()
    {
        using var model = new OpenModel(Spec("llama", Mixed, ElementType.F32, false, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config, new GgufExportOptions { Type = GgufTensorType.Q8_0 }).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        ModelConfig config = ModelConfigReader.Read(file);
        using Checkpoint decoded = SurgeryFixture.Apply(file, [.. ModelSelection.All(config).Blocks], _folder["decoded"]);
        Assert.Equal(Losses(decoded), Losses(file));

        // Streamed from the file, block by block, the same numbers.
        Assert.Equal(Losses(decoded), Losses(file, 1 << 18));
    }

    /// <summary>Without a type asked for, blocks of 8 bits are handed on as they are.</summary>
    [Fact]
    public void Write_EightBitFile_SameBlocksAgain()
    {
        using var model = new OpenModel(Spec("llama", Equal, ElementType.F32, true, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config, new GgufExportOptions { Type = GgufTensorType.Q8_0 }).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        var again = GgufExport.Plan(file, ModelConfigReader.Read(file));
        Assert.Equal(GgufTensorType.Q8_0, again.Type);
        again.Write(_folder["again.gguf"], null, TestContext.Current.CancellationToken);
        using var first = GgufFile.Open(_folder["m.gguf"]);
        using var second = GgufFile.Open(_folder["again.gguf"]);
        foreach (GgufTensor tensor in first.Tensors)
        {
            Assert.Equal(first.Rows(tensor, 0, (int)tensor.Rows).ToArray(), second.Rows(second.Find(tensor.Name)!, 0, (int)tensor.Rows).ToArray());
        }
    }

    /// <summary>Encodings that come back as F32 make a file several times larger: unasked, that is said.</summary>
    [Theory]
    [InlineData(GgufTensorType.Q4_0, false, "Matrices are stored as Q4_0 and Q8_0: all are written as F32")] // the head keeps 8 bits
    [InlineData(GgufTensorType.Q8_0, true, "Matrices are stored as Q8_0: all are written as F32")]
    [InlineData(GgufTensorType.Q8_0, false, null)]
    public void Plan_StoredEncodingThatIsNotWritten_Warns(GgufTensorType type, bool pads, string? expected)
    {
        using var model = new OpenModel(Spec("llama", Equal, ElementType.F32, true, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config, new GgufExportOptions { Type = type }).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        ModelConfig config = ModelConfigReader.Read(file);
        using PaddedModel? padded = pads ? PaddedModel.Open(file, config, PaddingTarget.Widest) : null;

        var plan = GgufExport.Plan(padded?.Checkpoint ?? file, padded?.Config ?? config);

        Assert.Equal(expected is null ? GgufTensorType.Q8_0 : GgufTensorType.F32, plan.Type);
        Assert.Equal(expected is null ? 0 : 1, plan.Warnings.Count(warning => warning.StartsWith(expected ?? "Matrices", StringComparison.Ordinal)));
    }

    /// <summary>Weights of Q8_0 stay in their blocks: nothing is decoded, and where no block is cut apart a model takes a little more than a byte a weight.</summary>
    [Fact]
    public void Load_EightBitFile_KeepsItsBlocks()
    {
        using var model = new OpenModel(Spec("llama", Equal, ElementType.F32, true, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config, new GgufExportOptions { Type = GgufTensorType.Q8_0 }).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        ModelConfig config = ModelConfigReader.Read(file);
        using Checkpoint decoded = SurgeryFixture.Apply(file, [.. ModelSelection.All(config).Blocks], _folder["decoded"]);
        Assert.Equal(ElementType.Q8_0, file.StoredType("model.layers.1.self_attn.q_proj.weight", 64, 64));
        Assert.Equal(ElementType.F32, decoded.StoredType("model.layers.1.self_attn.q_proj.weight", 64, 64));

        // The first ends a block of 32 within down_proj, the second a block within o_proj of heads 16 wide, the third takes whole blocks.
        ModelSelection?[] selections =
        [
            null,
            SelectionBuilder.Without(config, [new Unit(UnitKind.Neuron, 0, 3), new Unit(UnitKind.Neuron, 1, 95)]),
            SelectionBuilder.Without(config, [new Unit(UnitKind.KeyValueGroup, 0, 1)]),
            SelectionBuilder.Without(config, [.. Enumerable.Range(32, 32).Select(neuron => new Unit(UnitKind.Neuron, 0, neuron))]),
        ];
        foreach (ModelSelection? selection in selections)
        {
            Assert.Equal(Losses(decoded, selection: selection), Losses(file, selection: selection));
        }

        (long blocks, long floats) = (WeightBytes(file, selections[0]), WeightBytes(decoded, selections[0]));
        Assert.Equal(floats * 34 / (32 * 4), blocks);
        (blocks, floats) = (WeightBytes(file, selections[3]), WeightBytes(decoded, selections[3]));
        Assert.Equal(floats * 34 / (32 * 4), blocks);
        Assert.InRange(WeightBytes(file, selections[1]), blocks + 1, floats);
    }

    public static TheoryData<string, string, object?> BrokenMetadata { get; } = new()
    {
        { "general.architecture", "architecture (general.architecture) is 'gpt2', expected one of 'llama', 'mistral3', 'deci'", "gpt2" },
        { "general.architecture", "metadata 'general.architecture' is missing", null },
        { "split.count", "file is one part of several ('split.count'), expected a whole model. Put the parts together with 'llama-gguf-split --merge'.", (ushort)3 },
        { "llama.expert_count", "metadata 'llama.expert_count' is 8, expected 0 or missing", 8u },
        { "llama.attention.sliding_window", "metadata 'llama.attention.sliding_window' is 64, expected 0 or missing", 64u },
        { "llama.block_count", "metadata 'llama.block_count' is 0, expected a whole number from 1 to 4,096", 0u },
        { "llama.block_count", "tensor 'blk.1.attn_norm.weight' belongs to block 1, expected one of the 1 blocks", 1u },
        { "llama.embedding_length", "metadata 'llama.embedding_length' is missing", null },
        { "llama.attention.head_count", "metadata 'llama.attention.head_count' is an array of 3 × Int32, expected a whole number or an array of 2", new[] { 4, 4, 4 } },
        { "llama.attention.head_count", "metadata 'llama.attention.head_count' has -1 at place 1", new[] { 4, -1 } },
        { "llama.attention.head_count_kv", "block 0 has 4 query heads and no key/value heads", 0u },
        { "llama.feed_forward_length", "metadata 'llama.feed_forward_length' is missing", null },
        { "llama.attention.value_length", "heads have keys of 16, values of 8 and 16 rotated channels, expected three equal, even numbers", 8u },
        { "llama.rope.dimension_count", "heads have keys of 16, values of 16 and 8 rotated channels", 8u },
        { "llama.rope.scaling.type", "metadata 'llama.rope.scaling.type' is 'longrope', expected 'none', 'linear' or 'yarn'", "longrope" },
        { "llama.rope.freq_base", "metadata 'llama.rope.freq_base' is 0, expected a number from 1", 0f },
        { "llama.context_length", "metadata 'llama.context_length' is missing", null },
    };

    [Theory]
    [MemberData(nameof(BrokenMetadata))]
    public void Open_BrokenMetadata_SaysWhat(string key, string expected, object? value)
    {
        string path = Rewritten(key, value);
        NiwakiException error = Assert.ThrowsAny<NiwakiException>(() => Checkpoint.Open(path).Dispose());
        Assert.StartsWith($"m.gguf: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnknownTensor_IsRefused()
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor("blk.0.ssm_in.weight", GgufTensorType.F32, 4));
        var error = Assert.Throws<UnsupportedModelException>(() => Checkpoint.Open(path));
        Assert.StartsWith("m.gguf: tensor 'blk.0.ssm_in.weight' is unknown", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Tensors that such a model does not have would be passed over in silence.</summary>
    [Theory]
    [InlineData("blk.0.attn_q_norm.weight")]
    [InlineData("blk.0.attn_norm.bias")]
    [InlineData("blk.1.attn_v.bias")]
    [InlineData("blk.0.ffn_gate.bias")]
    public void Open_TensorOfAnotherArchitecture_IsRefused(string name)
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor(name, GgufTensorType.F32, 64));
        var error = Assert.Throws<UnsupportedModelException>(() => Checkpoint.Open(path));
        Assert.StartsWith($"m.gguf: tensor '{name}' is unknown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_QueriesTwice_SaysWhich()
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor("blk.0.attn_qkv.weight", GgufTensorType.F32, 128, 64));
        var error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(path));
        Assert.Contains("holds 'model.layers.0.self_attn.q_proj.weight', which another tensor holds too", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 1f, "has shape [4], expected [8]")]
    [InlineData(8, float.NaN, "has NaN at place 3, expected finite numbers from 1")]
    [InlineData(8, float.PositiveInfinity, "at place 3, expected finite numbers from 1")]
    [InlineData(8, 0.5f, "has 0.5 at place 3")]
    public void Open_BrokenRopeFactors_SaysWhere(int count, float value, string expected)
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor("rope_freqs.weight", GgufTensorType.F32, count), extraValues: i => i == 3 ? value : 1);
        var error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A tensor without rows takes no byte of the file, whatever its width says.</summary>
    [Fact]
    public void Open_RopeFactorsOfNoRowsAndHugeWidth_AllocatesNothing()
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor("rope_freqs.weight", GgufTensorType.F32, 0, 1L << 40));
        Assert.Contains("has shape [0, 1099511627776]", Assert.Throws<ModelFormatException>(() => Checkpoint.Open(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>Rows without columns take no byte of the file, however many there are: nobody looks through them for a sub-layer of zeros.</summary>
    [Fact]
    public void Open_MadeUpMatrixOfNoColumnsAndHugeHeight_ReadsNoRow()
    {
        const string Name = "blk.0.attn_output.weight";
        using var model = new OpenModel(Spec("llama", FirstEmptied, ElementType.F32, true, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config).Write(_folder["whole.gguf"], null, TestContext.Current.CancellationToken);
        using (var whole = GgufFile.Open(_folder["whole.gguf"]))
        {
            new GgufWriter(whole.Metadata.Entries, [.. whole.Tensors.Select(tensor => new GgufPlannedTensor(tensor.Name, tensor.Type!.Value, ShapeOf(tensor)))]).Write(
                _folder["m.gguf"],
                (tensor, stream) => stream.Write(tensor.Name == Name ? default : whole.Rows(whole.Find(tensor.Name)!, 0, (int)whole.Find(tensor.Name)!.Rows)),
                TestContext.Current.CancellationToken);
        }

        using var file = Checkpoint.Open(_folder["m.gguf"]);
        var error = Assert.Throws<ModelFormatException>(() => file.Require("model.layers.0.self_attn.o_proj.weight", 64, 16));
        Assert.Contains("has shape [1152921504606846976, 0], expected [64, 16]", error.Message, StringComparison.Ordinal);

        static long[] ShapeOf(GgufTensor tensor) => tensor.Name == Name ? [1L << 60, 0] : [.. tensor.Shape];
    }

    /// <summary>As llama.cpp: linear where no type is named, by the older key too, and 0 for none.</summary>
    [Theory]
    [InlineData("llama.rope.scale_linear", 4f, 4.0)]
    [InlineData("llama.rope.scaling.factor", 2f, 2.0)]
    [InlineData("llama.rope.scaling.factor", 0f, 1.0)]
    public void Open_ScalingWithoutType_IsLinear(string key, float value, double factor)
    {
        using var file = Checkpoint.Open(Rewritten(key, value));
        Assert.Equal(factor, (ModelConfigReader.Read(file).Rope.Scaling as Niwaki.Kernels.LinearRopeScaling)?.Factor ?? 1);
    }

    /// <summary>Settings of Llama 3's scaling that no published model has come back from our own keys.</summary>
    [Fact]
    public void Open_UnusualLlama3Scaling_IsThatOfTheSource()
    {
        const string Unusual = """
            {"rope_scaling": {"rope_type": "llama3", "factor": 6.0, "low_freq_factor": 2.0, "high_freq_factor": 5.0, "original_max_position_embeddings": 100}}
            """;
        using var model = new OpenModel(Spec("llama", Equal, ElementType.F32, true, Unusual), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        using var file = Checkpoint.Open(_folder["m.gguf"]);
        Assert.Equal(model.Config.Rope.Scaling, ModelConfigReader.Read(file).Rope.Scaling);
    }

    /// <summary>A file in which something else than rounding went wrong is found out, whatever its encoding.</summary>
    [Theory]
    [InlineData(GgufTensorType.Q8_0)]
    [InlineData(GgufTensorType.Q4_0)]
    [InlineData(GgufTensorType.F16)]
    [InlineData(GgufTensorType.F32)]
    public void Verify_DamagedFile_Throws(GgufTensorType type)
    {
        using var model = new OpenModel(Spec("llama", Mixed, ElementType.F32, false, "{}"), threads: 1);
        using var team = new Niwaki.Kernels.ThreadTeam(1);
        var export = GgufExport.Plan(model.Checkpoint, model.Config, new GgufExportOptions { Type = type });
        export.Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        Assert.Equal(type != GgufTensorType.F32, export.IsRounding);
        Assert.True(export.Verify(_folder["m.gguf"], team, cancellationToken: TestContext.Current.CancellationToken).IsWithin(1e-5));

        // Two rows of the first queries change places.
        long first, row;
        using (var file = GgufFile.Open(_folder["m.gguf"]))
        {
            GgufTensor queries = file.Find("blk.0.attn_q.weight")!;
            (first, row) = (queries.ByteOffset, queries.ByteLength / queries.Rows);
        }

        byte[] bytes = File.ReadAllBytes(_folder["m.gguf"]);
        byte[] rows = bytes[(int)first..(int)(first + (2 * row))];
        rows[(int)row..].CopyTo(bytes, first);
        rows[..(int)row].CopyTo(bytes, first + row);
        File.WriteAllBytes(_folder["m.gguf"], bytes);
        var error = Assert.Throws<VerificationException>(() => export.Verify(_folder["m.gguf"], team, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("m.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnknownRopeFactors_AreRefused()
    {
        string path = Rewritten("general.name", "x", extra: new GgufPlannedTensor("rope_freqs.weight", GgufTensorType.F32, 8));
        var error = Assert.Throws<UnsupportedModelException>(() => Checkpoint.Open(path));
        Assert.StartsWith("m.gguf: tensor 'rope_freqs.weight' holds factors of an unknown rotary scaling", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TensorOfAnotherShapeThanTheMetadataSay_NamesIt()
    {
        using var file = Checkpoint.Open(Rewritten("llama.feed_forward_length", 64u));
        ModelConfig config = ModelConfigReader.Read(file);
        var error = Assert.Throws<ModelFormatException>(() => file.Require("model.layers.0.mlp.up_proj.weight", config.Blocks[0].Neurons, config.HiddenSize));
        Assert.Contains("has shape [96, 64], expected [64, 64]", error.Message, StringComparison.Ordinal);
    }

    private static RandomCheckpointSpec Spec(string family, BlockShape[] blocks, ElementType type, bool tied, string extra) => new()
    {
        ModelType = family,
        HiddenSize = 64,
        HeadDim = 16,
        VocabularySize = 96,
        Blocks = blocks,
        ElementType = type,
        TiedEmbeddings = tied,
        ExtraConfig = extra,
    };

    /// <summary>A small Llama as GGUF with one value changed, added, or left out (null), and perhaps one tensor of 1, 2, 3, … more.</summary>
    private string Rewritten(string key, object? value, GgufPlannedTensor? extra = null, Func<int, float>? extraValues = null)
    {
        using var model = new OpenModel(Spec("llama", Equal, ElementType.F32, true, "{}"), threads: 1);
        GgufExport.Plan(model.Checkpoint, model.Config).Write(_folder["whole.gguf"], null, TestContext.Current.CancellationToken);
        using var file = GgufFile.Open(_folder["whole.gguf"]);
        List<KeyValuePair<string, GgufValue>> entries = [.. file.Metadata.Entries.Where(entry => entry.Key != key)];
        if (value is not null)
        {
            entries.Add(new(key, GgufValue.Of(value)));
        }

        List<GgufPlannedTensor> tensors = [.. file.Tensors.Select(tensor => new GgufPlannedTensor(tensor.Name, tensor.Type!.Value, [.. tensor.Shape]))];
        tensors.AddRange(extra is null ? [] : [extra]);
        new GgufWriter(entries, tensors).Write(
            _folder["m.gguf"],
            (tensor, stream) => stream.Write(file.Find(tensor.Name) is { } found
                ? file.Rows(found, 0, (int)found.Rows)
                : System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, (int)tensor.Shape.Aggregate((a, b) => a * b)).Select(i => extraValues?.Invoke(i) ?? i + 1)])),
            TestContext.Current.CancellationToken);
        return _folder["m.gguf"];
    }

    private static string[] Names(Checkpoint checkpoint) =>
        [.. checkpoint.Tensors.Select(tensor => $"{tensor.Name} {tensor}").Order(StringComparer.Ordinal)];

    private static double[] Frequencies(OpenModel model) => Frequencies(model.Config);

    private static double[] Frequencies(ModelConfig config)
    {
        double[] frequencies = [.. Enumerable.Range(0, config.HeadDim / 2).Select(i => Math.Pow(config.Rope.Theta, -2.0 * i / config.HeadDim))];
        config.Rope.Scaling?.Scale(frequencies, config.Rope.Theta);
        return [.. frequencies, config.Rope.Scaling?.AttentionFactorOrOne ?? 1];
    }

    private static long WeightBytes(Checkpoint checkpoint, ModelSelection? selection)
    {
        using var team = new Niwaki.Kernels.ThreadTeam(1);
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team, new TransformerOptions { Selection = selection });
        return model.Memory.WeightBytes;
    }

    private static float[] Losses(Checkpoint checkpoint, long? memory = null, ModelSelection? selection = null)
    {
        using var team = new Niwaki.Kernels.ThreadTeam(1);
        using var model = Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team, new TransformerOptions { MemoryBytes = memory, Selection = selection });
        using ResidualStream stream = model.Embed([[.. Enumerable.Range(0, 40).Select(i => i * 7 % 96)]]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        return model.Losses(stream)[0];
    }
}
