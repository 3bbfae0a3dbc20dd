using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Surgery;
using Niwaki.Tensors;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Surgery;

public class CheckpointSurgeryTests
{
    private static readonly BlockShape Full = new(4, 2, 12);

    private static readonly RandomCheckpointSpec ThreeBlocks = new() { Coded = true, Blocks = [Full, Full, Full] };

    /// <summary>One key and value group of block 0, neurons here and there, the attention of block 1; block 2 whole.</summary>
    private static readonly BlockSelection[] Mixed =
    [
        new([2, 3], [1], [0, 1, 5, 11]),
        new([], [], [3, 4, 5, 6, 7, 8, 9]),
        BlockSelection.All(Full),
    ];

    [Theory]
    [InlineData("llama", ElementType.F32, false, false, false)]
    [InlineData("llama", ElementType.BF16, true, true, false)]
    [InlineData("llama", ElementType.F16, false, true, true)]
    [InlineData("mistral", ElementType.BF16, false, false, true)]
    [InlineData("qwen2", ElementType.F16, true, false, false)]
    [InlineData("qwen2", ElementType.BF16, false, false, true)]
    [InlineData("qwen3", ElementType.F32, true, true, false)]
    [InlineData("qwen3", ElementType.BF16, false, false, true)]
    public void Apply_MixedPlan_EveryElementIsTheRightOneOfTheSource(string modelType, ElementType type, bool tied, bool biases, bool sharded)
    {
        using var model = new SurgeryFixture(ThreeBlocks with
        {
            ModelType = modelType,
            ElementType = type,
            TiedEmbeddings = tied,
            AttentionBias = biases,
            MlpBias = biases,
            MaxShardBytes = sharded ? 700 : CheckpointWriter.DefaultMaxShardBytes,
        });

        using Checkpoint cut = model.Apply(Mixed);

        model.AssertElements(cut, Mixed);
        Assert.Equal("niwaki", cut.Config.GetString("model_type"));
        Assert.Equal(modelType, cut.Config.GetString("niwaki_base_type"));
        Assert.Equal(Mixed.Select(block => block.Shape), ModelConfigReader.Read(cut).Blocks);
    }

    // Blocks that keep different units, but equally many of them: 2 query heads, 1 group, 4 neurons each.
    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    public void Apply_EqualSizes_KeepsTheStockModelTypeAndNames(string modelType)
    {
        BlockSelection[] selection = [new([2, 3], [1], [0, 1, 5, 11]), new([0, 1], [0], [2, 3, 4, 5]), new([2, 3], [1], [8, 9, 10, 11])];
        using var model = new SurgeryFixture(ThreeBlocks with { ModelType = modelType });

        using Checkpoint cut = model.Apply(selection);

        Assert.Equal(modelType, cut.Config.GetString("model_type"));
        Assert.Equal(Niwaki.Models.Architecture.Find(modelType)!.ClassName, cut.Config.GetStringsOrNull("architectures")!.Single());
        Assert.False(cut.Config.Has("per_layer_config"));
        Assert.Equal(2, cut.Config.GetInt32("num_attention_heads", 0, 99));
        Assert.Equal(1, cut.Config.GetInt32("num_key_value_heads", 0, 99));
        Assert.Equal(4, cut.Config.GetInt32("intermediate_size", 0, 99));
        Assert.Equal(3, cut.Config.GetInt32("num_hidden_layers", 0, 99));

        // 16 wide with 2 heads would mean heads of 8: the real 4 must be told.
        Assert.Equal(4, cut.Config.GetInt32("head_dim", 0, 99));
        Assert.Equal([8, 16], cut.Find("model.layers.0.self_attn.q_proj.weight")!.Shape);
        model.AssertElements(cut, selection);
    }

    [Fact]
    public void Apply_QueryHeadsThinnedInEveryGroup_CutsQueryHeadsOnly()
    {
        BlockSelection[] selection = [new([0, 3], [0, 1], [0]), new([1, 2], [0, 1], [1]), new([1, 3], [0, 1], [2])];
        using var model = new SurgeryFixture(ThreeBlocks);

        using Checkpoint cut = model.Apply(selection);

        Assert.Equal([8, 16], cut.Find("model.layers.0.self_attn.k_proj.weight")!.Shape);
        model.AssertElements(cut, selection);
    }

    [Fact]
    public void Apply_BlockRemoved_RenumbersTheOthersAndStaysStock()
    {
        BlockSelection[] selection = [new([], [], []), BlockSelection.All(Full), BlockSelection.All(Full)];
        using var model = new SurgeryFixture(ThreeBlocks);

        using Checkpoint cut = model.Apply(selection);

        Assert.Equal("llama", cut.Config.GetString("model_type"));
        Assert.Equal(2, cut.Config.GetInt32("num_hidden_layers", 0, 99));
        Assert.False(cut.Contains("model.layers.2.mlp.up_proj.weight"));
        model.AssertElements(cut, selection);
    }

    [Fact]
    public void Apply_EverythingKept_GivesTheSourceBack()
    {
        using var model = new SurgeryFixture(ThreeBlocks);

        using Checkpoint cut = model.Apply([BlockSelection.All(Full), BlockSelection.All(Full), BlockSelection.All(Full)]);

        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Equal(model.Source.ContentHash(token), cut.ContentHash(token));
        Assert.Equal(File.ReadAllBytes(model.Folder["source/config.json"]), File.ReadAllBytes(model.Folder["cut/config.json"]));
    }

    [Fact]
    public void Apply_EveryBlockRemoved_LeavesEmbeddingNormAndHead()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        var none = new BlockSelection([], [], []);

        using Checkpoint cut = model.Apply([none, none, none]);

        Assert.Equal(["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"], cut.Tensors.Select(tensor => tensor.Name));
        Assert.Empty(ModelConfigReader.Read(cut).Blocks);
    }

    [Fact]
    public void Apply_Twice_GivesIdenticalFiles()
    {
        using var model = new SurgeryFixture(ThreeBlocks with { ElementType = ElementType.BF16 });
        model.Apply(Mixed, "one", new SurgeryOptions { MaxShardBytes = 900 }).Dispose();
        model.Apply(Mixed, "two", new SurgeryOptions { MaxShardBytes = 900 }).Dispose();

        string[] names = [.. Directory.EnumerateFiles(model.Folder["one"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Contains("model.safetensors.index.json", names);
        Assert.Equal(names, Directory.EnumerateFiles(model.Folder["two"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(model.Folder[$"one/{name}"]), File.ReadAllBytes(model.Folder[$"two/{name}"])));
    }

    [Fact]
    public void Apply_InTwoSteps_GivesTheSameWeightsAsInOne()
    {
        // Second step on the result of the first, which is a niwaki model: block 0 loses neurons 1 and 3 of its 4, what was block 1 goes.
        BlockSelection[] second = [new([0, 1], [0], [0, 2]), new([], [], []), BlockSelection.All(Full)];
        BlockSelection[] both = [new([2, 3], [1], [0, 5]), new([], [], []), BlockSelection.All(Full)];
        using var model = new SurgeryFixture(ThreeBlocks);

        using Checkpoint first = model.Apply(Mixed, "first");
        using Checkpoint twoSteps = SurgeryFixture.Apply(first, second, model.Folder["two-steps"]);
        using Checkpoint oneStep = model.Apply(both, "one-step");

        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Equal(oneStep.ContentHash(token), twoSteps.ContentHash(token));
        Assert.Equal(ModelConfigReader.Read(oneStep).Blocks, ModelConfigReader.Read(twoSteps).Blocks);
    }

    [Fact]
    public void Apply_NiwakiSourceBecomesUniform_IsStockAgain()
    {
        BlockShape[] blocks = [Full, new(2, 1, 12), new(4, 2, 0)];
        using var model = new SurgeryFixture(ThreeBlocks with { ModelType = "qwen2", Blocks = blocks });

        using Checkpoint cut = model.Apply([new([2, 3], [1], [0, 1, 2]), new([0, 1], [0], [9, 10, 11]), new([], [], [])]);

        Assert.Equal("qwen2", cut.Config.GetString("model_type"));
        Assert.Equal("Qwen2ForCausalLM", cut.Config.GetStringsOrNull("architectures")!.Single());
        Assert.False(cut.Config.Has("niwaki_base_type"));
        Assert.Equal([new BlockShape(2, 1, 3), new BlockShape(2, 1, 3)], ModelConfigReader.Read(cut).Blocks);
    }

    [Fact]
    public void Apply_UnknownTensors_FollowTheirBlockAndSubLayer()
    {
        using var model = new SurgeryFixture(ThreeBlocks with
        {
            ExtraTensors = new Dictionary<string, long[]>(StringComparer.Ordinal)
            {
                ["model.layers.0.self_attn.rotary_emb.inv_freq"] = [2],
                ["model.layers.1.self_attn.rotary_emb.inv_freq"] = [2],
                ["model.layers.2.self_attn.rotary_emb.inv_freq"] = [2],
                ["model.layers.2.scale"] = [3, 2, 2],
                ["model.layers.02.scale"] = [1],
                ["vision.weight"] = [5],
            },
        });

        using Checkpoint cut = model.Apply([new([], [], []), new([], [], [1]), new([0, 1], [0], [0])]);

        string[] known = ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"];
        string[] unknown = [.. cut.Tensors.Select(tensor => tensor.Name).Where(name => !name.EndsWith("weight", StringComparison.Ordinal))];
        Assert.Equal(["model.layers.1.self_attn.rotary_emb.inv_freq", "model.layers.1.scale", "model.layers.02.scale"], unknown);
        Assert.True(cut.Contains("vision.weight"));
        Assert.All(known, name => Assert.True(cut.Contains(name)));
        Assert.Equal([3, 2, 2], cut.Find("model.layers.1.scale")!.Shape);
    }

    [Fact]
    public void Apply_BiasThatTheConfigDoesNotMention_IsCutAllTheSame()
    {
        const string Bias = "model.layers.0.mlp.up_proj.bias";
        using var model = new SurgeryFixture(ThreeBlocks with
        {
            ExtraTensors = new Dictionary<string, long[]>(StringComparer.Ordinal) { [Bias] = [12] },
        });

        using Checkpoint cut = model.Apply(Mixed);

        Assert.Equal([4], cut.Find(Bias)!.Shape);
        model.AssertElements(cut, Mixed);
    }

    [Fact]
    public void Apply_TensorOfABlockThatIsNotThere_Throws()
    {
        using var model = new SurgeryFixture(ThreeBlocks with
        {
            ExtraTensors = new Dictionary<string, long[]>(StringComparer.Ordinal) { ["model.layers.3.input_layernorm.weight"] = [16] },
        });

        var error = Assert.Throws<ModelFormatException>(() => model.Apply(Mixed));

        Assert.Equal("tensor 'model.layers.3.input_layernorm.weight'", error.Item);
        Assert.Equal(["source"], model.Folder.Names);
    }

    [Fact]
    public void Apply_SideFiles_AreCopiedByteForByte()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        byte[] tokenizer = [0, 255, 13, 10, 7];
        string[] names = ["LICENSE", "NOTICE.txt", "chat_template.jinja", "generation_config.json", "tokenizer.model"];
        foreach (string name in names)
        {
            File.WriteAllBytes(model.Folder[$"source/{name}"], name == "generation_config.json" ? "{ }"u8.ToArray() : tokenizer);
        }

        File.WriteAllText(model.Folder["source/README.md"], "card of the source");
        File.WriteAllText(model.Folder["source/secret.txt"], "not part of the model");
        model.Apply(Mixed).Dispose();

        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(model.Folder[$"source/{name}"]), File.ReadAllBytes(model.Folder[$"cut/{name}"])));
        Assert.False(File.Exists(model.Folder["cut/secret.txt"]));
        Assert.DoesNotContain("card of the source", File.ReadAllText(model.Folder["cut/README.md"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_SomethingAtTheTarget_ThrowsAndLeavesIt(bool isFolder)
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        model.Folder.Write(isFolder ? "cut/mine.txt" : "cut", "mine");

        var error = Assert.Throws<IOException>(() => model.Apply(Mixed));

        Assert.Contains("exists already", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(model.Folder[isFolder ? "cut/mine.txt" : "cut"]));
        Assert.Equal(["cut", "source"], model.Folder.Names);
    }

    [Fact]
    public void Apply_OntoTheSource_Throws()
    {
        using var model = new SurgeryFixture(ThreeBlocks);

        Assert.Throws<IOException>(() => model.Apply(Mixed, "source/../source/"));
        Assert.Equal(2, Directory.EnumerateFiles(model.Folder["source"]).Count());
    }

    [Fact]
    public void Apply_FailureInTheMiddle_LeavesNothingBehind()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        var failing = new CallbackProgress(progress =>
        {
            if (progress.Tensors == 5)
            {
                throw new InvalidOperationException("as if the disk were full");
            }
        });

        Assert.Throws<InvalidOperationException>(() => model.Apply(Mixed, progress: failing));
        Assert.Equal(["source"], model.Folder.Names);
    }

    [Fact]
    public void Apply_CancelledInTheMiddle_LeavesNothingBehind()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        using var cancellation = new CancellationTokenSource();
        var cancelling = new CallbackProgress(_ => cancellation.Cancel());

        Assert.Throws<OperationCanceledException>(() => model.Apply(Mixed, progress: cancelling, cancellation: cancellation));
        Assert.Equal(["source"], model.Folder.Names);
    }

    [Fact]
    public void Apply_Progress_EndsAtTheWhole()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        var reports = new List<SurgeryProgress>();

        using Checkpoint cut = model.Apply(Mixed, progress: new CallbackProgress(reports.Add));

        Assert.Equal(cut.Tensors.Select(tensor => tensor.Name), reports.Select(report => report.Tensor));
        Assert.Equal(Enumerable.Range(1, cut.Tensors.Count), reports.Select(report => report.Tensors));
        Assert.Equal((cut.Tensors.Count, cut.Tensors.Sum(tensor => tensor.ByteLength)), (reports[^1].TotalTensors, reports[^1].TotalBytes));
        Assert.Equal(reports[^1].TotalBytes, reports[^1].Bytes);
    }

    [Fact]
    public void Apply_PlanOfAnotherModel_Throws()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        PruningPlan plan = SurgeryFixture.Plan(model.Source, Mixed) with { SourceStructureHash = new string('0', 64) };

        Assert.Throws<ArgumentException>(() => CheckpointSurgery.Apply(
            model.Source, ModelConfigReader.Read(model.Source), plan, model.Folder["cut"], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(["source"], model.Folder.Names);
    }

    // The same tensors, but read as 2 heads of 8 channels in 1 group: head 3 is none of them.
    [Fact]
    public void Apply_SameTensorsOtherHeads_Throws()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        PruningPlan plan = SurgeryFixture.Plan(model.Source, Mixed);
        ModelConfig other = ModelConfigReader.Read(model.Source) with { HeadDim = 8, Blocks = [.. Enumerable.Repeat(new BlockShape(2, 1, 12), 3)] };

        Assert.Throws<ArgumentException>(() => CheckpointSurgery.Apply(
            model.Source, other, plan, model.Folder["cut"], cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Apply_ModelCard_NamesSourceMethodAndSizes()
    {
        using var model = new SurgeryFixture(ThreeBlocks);
        using Checkpoint cut = model.Apply(Mixed);

        string card = File.ReadAllText(model.Folder["cut/README.md"]);

        // Before: 3·1,344 prunable. After: one group 384 and 4 neurons of 48; 7 neurons; everything: 576 + 336 + 1,344.
        Assert.StartsWith("---\nbase_model: \"a\\u0022b\"\nlibrary_name: niwaki\n", card, StringComparison.Ordinal);
        Assert.Contains("| Prunable parameters | 4,032 | 2,256 | 44.05 % |", card, StringComparison.Ordinal);
        Assert.Contains("`magnitude`", card, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "transformers", "software that loads models of type `mistral` loads this one")]
    [InlineData(true, "niwaki", "3 query heads do not divide the hidden size 16, as other software wants of a `llama` with biases; Niwaki loads this model.")]
    public void Apply_ModelCardOfHeadsThatDoNotDivide_SaysWhatLoadsIt(bool biases, string library, string expected)
    {
        BlockSelection three = new([0, 1, 3], [0, 1, 3], [2, 5]);
        using var model = new SurgeryFixture(new RandomCheckpointSpec { AttentionBias = biases, Blocks = [new BlockShape(4, 4, 12), new BlockShape(4, 4, 12)] });
        using Checkpoint cut = model.Apply([three, three]);

        string card = File.ReadAllText(model.Folder["cut/README.md"]);

        Assert.Contains($"\nlibrary_name: {library}\n", card, StringComparison.Ordinal);
        Assert.Contains(expected, card, StringComparison.Ordinal);
    }

    [Fact]
    public void MaxShardBytes_BelowOne_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => new SurgeryOptions { MaxShardBytes = 0 });
}
