using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Pruning.Surgery;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Surgery;

public class ConfigSurgeryTests
{
    private static readonly BlockShape Full = new(4, 2, 12);

    private static readonly BlockSelection None = new([], [], []);

    private static readonly BlockSelection All = BlockSelection.All(Full);

    [Fact]
    public void Apply_LayerTypes_AreCutWithTheBlocks()
    {
        ConfigDocument cut = Apply(
            "qwen3",
            """
            {"sliding_window": 8, "use_sliding_window": true,
             "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"], "no_rope_layers": [1, 0, 1, 0]}
            """,
            [All, None, All, All]);

        Assert.Equal(["full_attention", "sliding_attention", "full_attention"], cut.GetStringsOrNull("layer_types"));
        Assert.Equal([1, 1, 0], cut.GetInt32sOrNull("no_rope_layers", 0, 1));
        Assert.Equal([null, 8, null], ModelConfigReader.Read(cut).SlidingWindows);
    }

    [Fact]
    public void Apply_ListOfAnotherLength_StaysAsItIs()
    {
        ConfigDocument cut = Apply("llama", """{"no_rope_layers": [1, 0], "eos_token_id": [1, 2, 3, 4]}""", [All, None, All, All]);

        Assert.Equal([1, 0], cut.GetInt32sOrNull("no_rope_layers", 0, 1));
        Assert.Equal([1, 2, 3, 4], cut.GetInt32sOrNull("eos_token_id", 0, 9));
    }

    // Windows from block 2 on. Without block 0 that is block 1.
    [Theory]
    [InlineData("""{"sliding_window": 8, "use_sliding_window": true, "max_window_layers": 2}""", 1)]
    [InlineData("""{"sliding_window": 8, "use_sliding_window": false, "max_window_layers": 2}""", 1)]
    [InlineData("""{"sliding_window": 8, "use_sliding_window": true, "max_window_layers": 99}""", 3)]
    public void Apply_MaxWindowLayers_CountsTheBlocksThatStay(string extra, int expected) =>
        Assert.Equal(expected, Apply("qwen2", extra, [None, All, All, All]).GetInt32("max_window_layers", 0, 99));

    [Fact]
    public void Apply_MaxWindowLayersLeftOut_IsWrittenWhereTheDefaultWouldMeanOtherBlocks()
    {
        // 30 blocks: the default 28 puts windows on the last two. Without block 0 they are the blocks from 27 on.
        BlockSelection[] selection = [None, .. Enumerable.Repeat(All, 29)];

        ConfigDocument cut = Apply("qwen2", """{"sliding_window": 8, "use_sliding_window": true}""", selection);

        Assert.Equal(27, cut.GetInt32("max_window_layers", 0, 99));
        Assert.Equal(2, ModelConfigReader.Read(cut).SlidingWindows.Count(window => window == 8));
    }

    [Fact]
    public void Apply_BlocksThatDiffer_DescribesEveryBlockAndKeepsTheOtherFields()
    {
        ConfigDocument cut = Apply(
            "llama",
            """{"rope_theta": 500000.0, "auto_map": {"AutoModel": "modeling_x.X"}, "custom": [1e-05]}""",
            [new([], [], [1, 2]), None, new([0, 1], [0], []), All]);

        Assert.Equal(["NiwakiForCausalLM"], cut.GetStringsOrNull("architectures"));
        Assert.Equal("""[1e-05]""", cut.Root.GetProperty("custom").GetRawText().Replace(" ", "", StringComparison.Ordinal).ReplaceLineEndings(""));
        Assert.False(cut.Has("auto_map"));
        Assert.Equal("500000.0", cut.Root.GetProperty("rope_theta").GetRawText());
        Assert.Equal(["0", "1", "2"], cut.GetObject("per_layer_config").Names);
        Assert.Equal(["attention"], cut.GetObject("per_layer_config").GetObject("0").GetStringsOrNull("skip"));
        Assert.Equal(["mlp"], cut.GetObject("per_layer_config").GetObject("1").GetStringsOrNull("skip"));
        Assert.Equal([new BlockShape(0, 0, 2), new BlockShape(2, 1, 0), Full], ModelConfigReader.Read(cut).Blocks);
    }

    // 3 heads do not divide 16: transformers 5 refuses that of a Llama, and takes a Mistral without a window, which is the same but for biases.
    [Theory]
    [InlineData("llama", false, false, "mistral", true)]
    [InlineData("llama", true, false, "llama", false)]
    [InlineData("llama", false, true, "llama", false)]
    [InlineData("qwen2", false, false, "qwen2", true)]
    public void Apply_EqualHeadsThatDoNotDivide_IsATypeThatStockSoftwareTakes(string modelType, bool biases, bool addsBiases, string expected, bool isStock)
    {
        var spec = new RandomCheckpointSpec
        {
            ModelType = modelType,
            AttentionBias = biases,
            Blocks = [new BlockShape(4, 4, 12), new BlockShape(4, 4, 12)],
            ExtraConfig = """{"sliding_window": 8}""",
        };
        BlockSelection three = new([0, 1, 3], [0, 1, 3], [2, 5]);

        ConfigDocument cut = Apply(spec, [three, three], addsBiases);

        Assert.Equal(expected, cut.GetString("model_type"));
        Assert.Equal(Niwaki.Models.Architecture.Find(expected)!.ClassName, cut.GetStringsOrNull("architectures")!.Single());
        Assert.Equal(expected == "mistral", !cut.Has("sliding_window"));
        Assert.Equal(isStock, ConfigSurgery.IsStock(cut));
        ModelConfig config = ModelConfigReader.Read(cut);
        Assert.Equal([new BlockShape(3, 3, 2), new BlockShape(3, 3, 2)], config.Blocks);
        Assert.True(config.SlidingWindows.All(window => window is null));
    }

    [Fact]
    public void IsStock_HeadsThatDivideAndBlocksThatDiffer_TellsThemApart()
    {
        Assert.True(ConfigSurgery.IsStock(Apply("llama", "{}", [All, All])));
        Assert.False(ConfigSurgery.IsStock(Apply("llama", "{}", [All, new([], [], [1])])));
    }

    /// <summary>A model with as many blocks as the selection has entries.</summary>
    private static ConfigDocument Apply(string modelType, string extra, BlockSelection[] selection) => Apply(
        new RandomCheckpointSpec { ModelType = modelType, Blocks = [.. Enumerable.Repeat(Full, selection.Length)], ExtraConfig = extra }, selection);

    private static ConfigDocument Apply(RandomCheckpointSpec spec, BlockSelection[] selection, bool addsBiases = false)
    {
        ConfigDocument document = RandomCheckpoint.Document(spec);
        ModelConfig config = ModelConfigReader.Read(document);
        ConfigDocument cut = ConfigSurgery.Apply(document, config, new ModelSelection(config, selection), addsBiases);

        // What was made must be readable as a file too.
        using var file = new MemoryStream();
        cut.WriteTo(file);
        return ConfigDocument.Parse(file.ToArray(), "config.json");
    }
}
