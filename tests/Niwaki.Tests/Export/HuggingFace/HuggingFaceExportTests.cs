using System.Text.Json.Nodes;
using Niwaki.Evaluation;
using Niwaki.Export.HuggingFace;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Export.HuggingFace;

public sealed class HuggingFaceExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ThreadTeam _team = new(1);

    public static TheoryData<string> Names => PythonTests.Names;

    public void Dispose()
    {
        _team.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_EveryCase_LoadsBackAsTheSameModel(string name)
    {
        var item = ExportCase.Find(name);
        using var model = new OpenModel(item.Spec);
        var export = HuggingFaceExport.Plan(model.Checkpoint, model.Config, item.Profile, new ExportOptions { MaxShardBytes = 4000 });

        export.Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);
        LogitDifference difference = export.Verify(_folder["out"], _team, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(item.ModelType, export.ModelType);
        Assert.True(difference.IsWithin(1e-5), difference.ToString());
        using Checkpoint written = Checkpoint.Open(_folder["out"]);
        Assert.Equal(export.Shapes, ModelConfigReader.Read(written).Blocks);
        Assert.Equal(export.WeightBytes, written.Tensors.Sum(tensor => tensor.ByteLength));
        Assert.Equal(export.IsPadded, !export.Shapes.SequenceEqual(model.Config.Blocks));
    }

    /// <summary>The model to read from and the folder that is written are one.</summary>
    [Theory]
    [InlineData(PaddingTarget.Original)]
    [InlineData(PaddingTarget.Widest)]
    public void PaddedModel_SameTensorsAsTheFolder(PaddingTarget padTo)
    {
        using var model = new OpenModel(new RandomCheckpointSpec { Coded = true, Blocks = [new(4, 2, 3), new(0, 0, 7), new(12, 4, 0)] });
        HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Padded, new ExportOptions { PadTo = padTo }).Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);
        using Checkpoint written = Checkpoint.Open(_folder["out"]);
        using var padded = PaddedModel.Open(model.Checkpoint, model.Config, padTo);

        Assert.Equal(ModelConfigReader.Read(written).Blocks, padded.Config.Blocks);
        Assert.Equal(written.ContentHash(TestContext.Current.CancellationToken), padded.Checkpoint.ContentHash(TestContext.Current.CancellationToken));
        foreach (SafetensorsEntry entry in written.Tensors.Where(entry => entry.Shape.Count == 2))
        {
            (int rows, int columns) = ((int)entry.Shape[0], (int)entry.Shape[1]);
            using BorrowedWeights found = padded.Checkpoint.BorrowStored(entry.Name, rows, columns, 1, rows - 1);
            WeightView expected = written.Matrix(entry.Name, rows, columns).SliceRows(1, rows - 1);
            Assert.Equal(Bytes(expected), Bytes(found.View));
        }

        Assert.Throws<ModelFormatException>(() => padded.Checkpoint.Require("model.layers.0.mlp.up_proj.weight", 1, 1));
        Assert.Throws<ModelFormatException>(() => padded.Checkpoint.Require("missing", 1));
    }

    // 2 KV heads of 2 query heads each become 4 of 3: query heads 0 1 - 2 3 - - ..., a dash for zeros.
    [Fact]
    public void Write_PaddedHeads_StayInTheirGroups()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { Coded = true, Blocks = [new(4, 2, 3), new(12, 4, 5)] });
        HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Padded).Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);

        using Checkpoint written = Checkpoint.Open(_folder["out"]);
        var query = written.Matrix("model.layers.0.self_attn.q_proj.weight", 48, 16);
        var output = written.Matrix("model.layers.0.self_attn.o_proj.weight", 16, 48);
        int[] heads = [0, 1, -1, 2, 3, -1, -1, -1, -1, -1, -1, -1];
        for (int channel = 0; channel < 48; channel++)
        {
            int head = heads[channel / 4], old = (head * 4) + (channel % 4);
            Assert.Equal(head < 0 ? 0 : RandomCheckpoint.CodedBits("model.layers.0.self_attn.q_proj.weight", old, 7), Bits(query, channel, 7));
            Assert.Equal(head < 0 ? 0 : RandomCheckpoint.CodedBits("model.layers.0.self_attn.o_proj.weight", 3, old), Bits(output, 3, channel));
        }
    }

    [Theory]

    // 4 query heads of 4 channels are the hidden size; KV heads that do not divide 4 get zero heads beside them.
    [InlineData("3 3 5", "4 4 256")]
    [InlineData("4 2 256", "4 2 256")]
    [InlineData("2 2 257", "4 2 512")]
    [InlineData("0 0 1", "4 1 256")]
    [InlineData("8 2 0", "8 2 0")]
    public void Plan_NemotronNas_ShapesOfTheFirstBlock(string block, string expected)
    {
        int[] numbers = [.. block.Split(' ').Select(int.Parse)];
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new(numbers[0], numbers[1], numbers[2]), new(2, 1, 1)] });
        BlockShape shape = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.NemotronNas).Shapes[0];
        Assert.Equal(expected, $"{shape.Heads} {shape.KeyValueHeads} {shape.Neurons}");
    }

    [Theory]
    [InlineData(PaddingTarget.Original, 8, 4, 40)]
    [InlineData(PaddingTarget.Widest, 4, 2, 30)]
    public void Plan_Padded_OriginalOrWidest(PaddingTarget padTo, int heads, int keyValueHeads, int neurons)
    {
        string extra = """{"num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 40}""";
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new(4, 2, 12), new(2, 1, 30)], ExtraConfig = extra });
        var export = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Padded, new ExportOptions { PadTo = padTo });
        Assert.All(export.Shapes, shape => Assert.Equal(new BlockShape(heads, keyValueHeads, neurons), shape));
    }

    [Theory]
    [InlineData("llama", false, ShapeProfile.Uniform, "block 1 has 2 query heads, 2 KV heads and 7 neurons")]
    [InlineData("llama", false, ShapeProfile.Depth, "expected 4 query heads, 2 KV heads and 12 neurons as block 0 has")]
    [InlineData("llama", false, ShapeProfile.HeteroGguf, "Use --format gguf")]
    [InlineData("qwen3", false, ShapeProfile.NemotronNas, "no such norms")]
    public void Plan_ProfileCannotHoldTheModel_SaysWhy(string modelType, bool biases, ShapeProfile profile, string reason)
    {
        using var model = new OpenModel(new RandomCheckpointSpec { ModelType = modelType, AttentionBias = biases, Blocks = [new(4, 2, 12), new(2, 2, 7)] });
        AssertRefused(model, profile, reason);
    }

    [Fact]
    public void Plan_LlamaWithBiasesWhoseHeadsDoNotDivide_SaysWhy()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { AttentionBias = true, Blocks = [new(3, 3, 5), new(3, 3, 5)] });
        AssertRefused(model, ShapeProfile.Uniform, "has 3 query heads, expected a divisor of the hidden size 16");
    }

    // Blocks that differ keep the 4 heads before pruning in config.json; equal ones have their own 3 there.
    [Theory]
    [InlineData(5, "Use hetero-hf.")]
    [InlineData(7, "Use padded with --pad-to original, or hetero-hf.")]
    public void Plan_HeadsThatDoNotDivide_NamesOnlyProfilesThatHelp(int otherNeurons, string nextStep)
    {
        string extra = otherNeurons == 5 ? "{}" : """{"num_attention_heads": 4, "num_key_value_heads": 4}""";
        using var model = new OpenModel(new RandomCheckpointSpec { AttentionBias = true, Blocks = [new(3, 3, 5), new(3, 3, otherNeurons)], ExtraConfig = extra });
        var options = new ExportOptions { PadTo = PaddingTarget.Widest };
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Padded, options));
        Assert.EndsWith(". " + nextStep, error.Message, StringComparison.Ordinal);
    }

    // Without these fields mlx-lm would take a theta of 500,000 and an epsilon of 1e-5, transformers 4 tied embeddings; none of the runtimes reads rope_parameters.
    [Theory]
    [InlineData("{}", 10000, "null")]
    [InlineData("""{"rope_parameters": {"rope_type": "default", "rope_theta": 20000.0}}""", 20000, "null")]
    [InlineData("""{"rope_parameters": {"rope_theta": 20000.0, "factor": 2.0, "rope_type": "linear"}}""", 20000, """{"rope_type":"linear","factor":2.0}""")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 2.0}}""", 10000, """{"rope_type":"linear","factor":2.0}""")]
    [InlineData("""{"rope_scaling": {"type": "yarn", "factor": 4.0}}""", 10000, """{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":2048}""")]
    public void Write_NemotronNas_LeavesNoFieldToTheDefaultsOfARuntime(string extra, double theta, string scaling)
    {
        RandomCheckpoint.Write(_folder["model"], new RandomCheckpointSpec { ExtraConfig = extra });
        string path = _folder["model/config.json"];
        ConfigDocument.Read(path).Without("rope_theta", "rms_norm_eps", "tie_word_embeddings", "max_position_embeddings").WriteTo(path);
        using var source = Checkpoint.Open(_folder["model"]);
        ModelConfig config = ModelConfigReader.Read(source);

        HuggingFaceExport.Plan(source, config, ShapeProfile.NemotronNas).Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);

        using var written = Checkpoint.Open(_folder["out"]);
        Assert.Equal((theta, 1e-6), (written.Config.GetDouble("rope_theta"), written.Config.GetDouble("rms_norm_eps")));
        Assert.False(written.Config.GetBoolean("tie_word_embeddings"));
        Assert.Equal(2048, written.Config.GetInt32("max_position_embeddings", 1, int.MaxValue));
        Assert.Equal(scaling, JsonNode.Parse(written.Config.Root.GetProperty("rope_scaling").GetRawText())?.ToJsonString() ?? "null");
        Assert.False(written.Config.Has("rope_parameters"));
        Assert.Equal(config.Rope, ModelConfigReader.Read(written).Rope);
    }

    // The folder is filled up to 4,096 neurons: what holds the model does not hold it.
    [Fact]
    public void RequireMemory_FolderLargerThanTheModel_CountsBoth()
    {
        string extra = """{"num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 4096}""";
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new(4, 2, 12), new(2, 1, 30)], ExtraConfig = extra });
        var asItIs = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.HeteroHf);
        var padded = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Padded);
        long needed = Assert.Throws<MemoryBudgetException>(() => asItIs.RequireMemory(_team, 2)).Needed;

        asItIs.RequireMemory(_team, 2 * needed);
        Assert.True(Assert.Throws<MemoryBudgetException>(() => padded.RequireMemory(_team, 2 * needed)).Needed > needed);
        padded.RequireMemory(_team, null);
    }

    [Fact]
    public void Verify_DamagedFolder_RefusesAndKeepsIt()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        var export = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.Uniform);
        export.Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);
        Niwaki.Tests.Cli.SmallModel.Fill(_folder["out"], "model.layers.1.mlp.up_proj.weight", 3);

        VerificationException error = Assert.Throws<VerificationException>(() => export.Verify(_folder["out"], _team, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("stays where it is", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["out/model.safetensors"]));
    }

    [Fact]
    public void Write_CancelledOrTargetThere_LeavesNothing()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        var export = HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.HeteroHf);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => export.Write(_folder["out"], cancellationToken: cancelled.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

        Directory.CreateDirectory(_folder["out"]);
        Assert.Throws<IOException>(() => export.Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["out"]));
    }

    [Fact]
    public void Write_RemoteCode_ImportsTorchAndTransformersOnly()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new(4, 2, 12), new(2, 2, 7)] });
        HuggingFaceExport.Plan(model.Checkpoint, model.Config, ShapeProfile.HeteroHf).Write(_folder["out"], cancellationToken: TestContext.Current.CancellationToken);
        string[] imports =
        [
            .. Directory.EnumerateFiles(_folder["out"], "*.py").SelectMany(File.ReadLines)
                .Where(line => line.StartsWith("import ", StringComparison.Ordinal) || line.StartsWith("from ", StringComparison.Ordinal))
                .Select(line => line.Split(' ')[1].Split('.')[0]).Distinct().Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["", "torch", "transformers"], imports);
    }

    private static void AssertRefused(OpenModel model, ShapeProfile profile, string reason) => Assert.Contains(
        reason, Assert.Throws<UnsupportedModelException>(() => HuggingFaceExport.Plan(model.Checkpoint, model.Config, profile)).Message, StringComparison.Ordinal);

    private static unsafe uint Bits(Niwaki.Tensors.WeightView view, int row, int column) => ((uint*)view.RowPointer(row))[column];

    private static unsafe byte[] Bytes(WeightView view) => new ReadOnlySpan<byte>(view.Pointer, (int)(view.Rows * view.RowBytes)).ToArray();
}
