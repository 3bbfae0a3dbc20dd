using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Tests.Models;

public sealed class TransformerTests
{
    /// <summary>Largest difference over largest magnitude between float32 kernels and the float64 reference on models of a few blocks.</summary>
    private const double Tolerance = 1e-5;

    private static readonly int[] Lengths = [1, 2, 7, 33, 64, 300];

    public static TheoryData<string> Specs => [.. AllSpecs.Keys];

    private static Dictionary<string, RandomCheckpointSpec> AllSpecs { get; } = new(StringComparer.Ordinal)
    {
        ["llama without grouping"] = new() { Blocks = [new(4, 4, 12), new(4, 4, 12)] },
        ["llama, 5 query heads a group"] = new() { Blocks = [new(5, 1, 12)] },
        ["llama, 6 query heads a group"] = new() { Blocks = [new(6, 1, 12)] },
        ["llama, 7 query heads a group"] = new() { Blocks = [new(7, 1, 12)] },
        ["llama, 8 query heads a group"] = new() { Blocks = [new(8, 1, 20), new(8, 1, 20)], HeadDim = 8 },
        ["llama, biases everywhere, tied"] = new() { AttentionBias = true, MlpBias = true, TiedEmbeddings = true },
        ["llama, head dimension apart from the hidden size"] = new() { HiddenSize = 24, HeadDim = 10, Blocks = [new(4, 2, 30)] },
        ["llama, every block another shape"] = new() { Blocks = [new(6, 3, 5), new(1, 1, 40), new(4, 1, 17), new(2, 2, 33)], HeadDim = 6 },
        ["llama, no attention in block 0, no MLP in block 2"] = new() { Blocks = [new(0, 0, 12), new(4, 2, 12), new(4, 2, 0)] },
        ["llama, block without anything"] = new() { Blocks = [new(4, 2, 12), new(0, 0, 0), new(4, 2, 12)] },
        ["llama, BF16"] = new() { ElementType = ElementType.BF16, HiddenSize = 40, Blocks = [new(5, 5, 50)] },
        ["llama, F16"] = new() { ElementType = ElementType.F16, HiddenSize = 40, Blocks = [new(5, 5, 50)] },
        ["llama 3 rotary scaling"] = new()
        {
            HeadDim = 16,
            ExtraConfig = """{"rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}}""",
        },
        ["llama, YaRN"] = new()
        {
            HeadDim = 16,
            ExtraConfig = """{"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 64}}""",
        },
        ["llama, linear rotary scaling"] = new() { HeadDim = 16, ExtraConfig = """{"rope_scaling": {"rope_type": "linear", "factor": 4}}""" },
        ["llama, 4 of 5 channels turn"] = new() { HeadDim = 5, ExtraConfig = """{"partial_rotary_factor": 0.8}""" },
        ["llama, half of each head turns"] = new() { HeadDim = 8, ExtraConfig = """{"partial_rotary_factor": 0.5}""" },
        ["mistral, sliding window"] = new() { ModelType = "mistral", ExtraConfig = """{"sliding_window": 20}""" },
        ["qwen2, upper block slides"] = new()
        {
            ModelType = "qwen2",
            ExtraConfig = """{"use_sliding_window": true, "sliding_window": 9, "max_window_layers": 1}""",
        },
        ["qwen3, tied"] = new() { ModelType = "qwen3", TiedEmbeddings = true, HeadDim = 12 },
        ["qwen3, wide"] = new() { ModelType = "qwen3", HiddenSize = 72, VocabularySize = 300, HeadDim = 32, Blocks = [new(6, 2, 130), new(6, 2, 130)] },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void Losses_EveryShape_EqualTheReference(string name)
    {
        using var open = new OpenModel(AllSpecs[name]);
        using Transformer model = open.Load();
        int[][] windows = open.Windows(Lengths);
        float[][] losses = ForwardPass.Losses(model, windows, cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < windows.Length; i++)
        {
            AssertClose(open.Reference.Losses(windows[i]), losses[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Logits_EveryShape_EqualTheReference(string name)
    {
        using var open = new OpenModel(AllSpecs[name]);
        using Transformer model = open.Load();
        int[] window = open.Windows(37)[0];
        AssertClose([.. open.Reference.Logits(window).SelectMany(row => row)], Logits(model, window));
    }

    // A config that is read wrongly deceives model and reference alike: here the reference is told how the positions are stretched.
    [Fact]
    public void Losses_LinearRotaryScaling_EqualTheReferenceOfThatFactor()
    {
        using var open = new OpenModel(AllSpecs["llama, linear rotary scaling"]);
        using Transformer model = open.Load();
        int[] window = open.Windows(64)[0];
        var reference = new ReferenceModel(open.Checkpoint, open.Config with { Rope = new RopeOptions { RotaryDim = 16, Scaling = new LinearRopeScaling(4) } });
        AssertClose(reference.Losses(window), ForwardPass.Losses(model, [window], cancellationToken: TestContext.Current.CancellationToken)[0]);
    }

    [Fact]
    public void Losses_GatesOfEveryKind_EqualTheReference()
    {
        using var open = new OpenModel(new() { Blocks = [new(6, 3, 20), new(6, 3, 20), new(6, 3, 20)], AttentionBias = true, MlpBias = true });
        using Transformer model = open.Load();
        int[][] windows = open.Windows(30, 30, 30, 30, 30);
        ModelGates?[] gates = [null, new(3), new(3), new(3), new(3)];
        gates[1]![0].SetGroup(open.Config.Blocks[0], 1, 0);
        gates[1]![2].SetNeuron(open.Config.Blocks[2], 19, 0);
        gates[2]![1].CloseBlock();
        gates[3]![0].Attention = false;
        gates[3]![2].Mlp = false;
        gates[4]![1].SetHead(open.Config.Blocks[1], 5, 0.25f);
        gates[4]![1].SetNeuron(open.Config.Blocks[1], 0, -2);
        float[][] losses = ForwardPass.Losses(model, windows, gates, cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < windows.Length; i++)
        {
            AssertClose(open.Reference.Losses(windows[i], gates[i]), losses[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Losses_UnitsGatedOff_EqualThoseOfTheModelWithoutThem(string name)
    {
        using var open = new OpenModel(AllSpecs[name]);
        BlockSelection[] blocks = [.. open.Config.Blocks.Select((shape, block) => Thin(shape, block))];
        var selection = new ModelSelection(open.Config, blocks);
        int[][] windows = open.Windows(40, 25);
        using Transformer whole = open.Load();
        using Transformer cut = open.Load(new TransformerOptions { Selection = selection });
        ModelGates gates = ModelGates.For(open.Config, selection);
        float[][] gated = ForwardPass.Losses(whole, windows, [gates, gates], cancellationToken: TestContext.Current.CancellationToken);
        float[][] removed = ForwardPass.Losses(cut, windows, cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < windows.Length; i++)
        {
            AssertClose([.. removed[i].Select(loss => (double)loss)], gated[i]);
        }
    }

    [Fact]
    public void Losses_AnyThreadsAndAnyCompany_SameBits()
    {
        RandomCheckpointSpec spec = AllSpecs["qwen3, wide"];
        using var one = new OpenModel(spec, threads: 1);
        using var three = new OpenModel(spec, threads: 3);
        using Transformer a = one.Load();
        using Transformer b = three.Load();
        int[][] windows = one.Windows(300, 17, 128, 256, 1, 90);
        float[][] together = ForwardPass.Losses(a, windows, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(together, ForwardPass.Losses(b, windows, cancellationToken: TestContext.Current.CancellationToken));
        for (int i = 0; i < windows.Length; i++)
        {
            Assert.Equal(together[i], ForwardPass.Losses(a, [windows[i]], cancellationToken: TestContext.Current.CancellationToken)[0]);
        }
    }

    [Fact]
    public void Losses_WeightsStreamed_SameBits()
    {
        RandomCheckpointSpec spec = new()
        {
            HiddenSize = 64,
            VocabularySize = 600,
            HeadDim = 16,
            Blocks = [.. Enumerable.Repeat(new BlockShape(8, 4, 300), 4)],
            ElementType = ElementType.BF16,
            ExtraConfig = """{"max_position_embeddings": 64}""",
        };
        using var open = new OpenModel(spec);
        int[][] windows = open.Windows(64, 64, 64);
        using Transformer resident = open.Load();
        using Transformer streamed = open.Load(new TransformerOptions { MemoryBytes = 250_000 });
        Assert.True(streamed.Memory.ResidentBlocks < 4);
        Assert.False(streamed.Memory.ResidentHead);
        Assert.True(streamed.Memory.WeightBytes + streamed.Memory.StreamBytes <= 250_000);
        Assert.Equal(
            ForwardPass.Losses(resident, windows, cancellationToken: TestContext.Current.CancellationToken),
            ForwardPass.Losses(streamed, windows, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void RunBlocks_FromAKeptStream_SameBitsAsFromTheStart()
    {
        using var open = new OpenModel(new() { Blocks = [.. Enumerable.Repeat(new BlockShape(4, 2, 12), 3)] });
        using Transformer model = open.Load();
        int[][] windows = open.Windows(20, 31);
        using ResidualStream kept = model.Embed(windows);
        using ResidualStream copy = model.Embed(windows);
        model.RunBlocks(kept, 0, 2);
        copy.CopyFrom(kept);
        model.RunBlocks(copy, 2, 3);
        Assert.Equal(ForwardPass.Losses(model, windows, cancellationToken: TestContext.Current.CancellationToken), model.Losses(copy));
    }

    [Fact]
    public void Extend_TokenByToken_EqualsOneWholePass()
    {
        using var open = new OpenModel(AllSpecs["mistral, sliding window"]);
        using Transformer model = open.Load();
        int[] window = open.Windows(50)[0];
        float[] whole = Logits(model, window);
        using var cache = new KeyValueCache(model.Config, 50);
        using var buffer = new NativeBuffer<float>(model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, 1, model.Config.VocabularySize);
        model.Extend([cache], [window[..10]], logits);
        for (int t = 10; t < window.Length; t++)
        {
            model.Extend([cache], [[window[t]]], logits);
            AssertClose([.. whole.AsSpan(t * logits.Columns, logits.Columns).ToArray().Select(v => (double)v)], logits[0].ToArray());
        }
    }

    [Fact]
    public void Extend_CacheTooShort_Throws()
    {
        using var open = new OpenModel(new());
        using Transformer model = open.Load();
        using var cache = new KeyValueCache(model.Config, 3);
        using var buffer = new NativeBuffer<float>(model.Config.VocabularySize);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => model.Extend([cache], [[1, 2, 3, 4]], new TensorView<float>(buffer, 1, model.Config.VocabularySize)));
        Assert.Contains("at most 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Embed_IdOutsideTheVocabulary_Throws()
    {
        using var open = new OpenModel(new());
        using Transformer model = open.Load();
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Embed([[0, model.Config.VocabularySize]]));
    }

    [Fact]
    public void RunBlocks_Tap_SeesEveryPlaceOfEveryToken()
    {
        using var open = new OpenModel(AllSpecs["llama, no attention in block 0, no MLP in block 2"]);
        using Transformer model = open.Load();
        var rows = new Dictionary<(TapPoint, int), (int Rows, int Columns)>();
        ForwardPass.Losses(
            model,
            open.Windows(9, 4),
            tap: (point, block, x) => rows[(point, block)] = (rows.GetValueOrDefault((point, block)).Rows + x.Rows, x.Columns),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.DoesNotContain((TapPoint.AttentionHeads, 0), rows.Keys);
        Assert.DoesNotContain((TapPoint.MlpNeurons, 2), rows.Keys);
        Assert.Equal((13, 16), rows[(TapPoint.AttentionHeads, 1)]); // 4 heads of 4 channels
        Assert.Equal((13, 12), rows[(TapPoint.MlpNeurons, 0)]);
        Assert.Equal((13, 16), rows[(TapPoint.BlockOutput, 2)]);
    }

    [Fact]
    public void Load_Int16_LossesNearTheExactOnes()
    {
        using var open = new OpenModel(AllSpecs["qwen3, wide"]);
        using Transformer exact = open.Load();
        using Transformer rounded = open.Load(new TransformerOptions { Format = PackedFormat.Int16 });
        int[][] windows = open.Windows(100);
        float[] expected = ForwardPass.Losses(exact, windows, cancellationToken: TestContext.Current.CancellationToken)[0];
        float[] found = ForwardPass.Losses(rounded, windows, cancellationToken: TestContext.Current.CancellationToken)[0];
        Assert.NotEqual(expected, found);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 0.02f)); // 2e-4 of every product through two blocks and the head
    }

    private static float[] Logits(Transformer model, int[] window)
    {
        using ResidualStream stream = model.Embed([window]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        using var buffer = new NativeBuffer<float>((long)window.Length * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, window.Length, model.Config.VocabularySize);
        model.Logits(stream, [.. Enumerable.Range(0, window.Length)], logits);
        return buffer.Span.ToArray();
    }

    /// <summary>Takes away one group where there are two, every third neuron, and the whole MLP of odd blocks.</summary>
    private static BlockSelection Thin(BlockShape shape, int block)
    {
        int[] groups = [.. Enumerable.Range(0, shape.KeyValueHeads).Where(group => group != 0 || shape.KeyValueHeads == 1)];
        int[] heads = [.. Enumerable.Range(0, shape.Heads).Where(head => groups.Contains(head / shape.HeadsPerGroup))];
        return new BlockSelection(heads, groups, block % 2 == 1 ? [] : [.. Enumerable.Range(0, shape.Neurons).Where(i => i % 3 != 1)]);
    }

    private static void AssertClose(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double scale = expected.Length == 0 ? 1 : Math.Max(1, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - found[i]) <= Tolerance * scale, $"Element {i} is {found[i]}, expected {expected[i]} within {Tolerance * scale}.");
        }
    }
}
