using System.Text;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Tests.Models;

public sealed class BlockConfigsTests
{
    // 5.25 · 2/3 · 8,192 = 28,672 as in Nemotron-Ultra; 1.3 gives 7,099, rounded up to 7,168 (28 · 256); 2 gives 10,922, so 11,008.
    [Theory]
    [InlineData(5.25, 8192, 28672)]
    [InlineData(1.3, 8192, 7168)]
    [InlineData(2, 8192, 11008)]
    [InlineData(0.001, 64, 0)]
    public void Neurons_Multiplier_RoundedUp(double multiplier, int hiddenSize, long expected) =>
        Assert.Equal(expected, BlockConfigs.Neurons(multiplier, hiddenSize));

    [Theory]
    [InlineData(16)]
    [InlineData(192)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    public void Write_EveryWidth_ReadsBack(int hiddenSize)
    {
        BlockShape[] blocks = [.. Enumerable.Range(1, 112).Select(i => new BlockShape(8, 1 << (i % 4), 256 * i)), new(0, 0, 256), new(8, 8, 0), new(0, 0, 0)];
        Assert.Equal(blocks, Read(Config(hiddenSize, BlockConfigs.Write(blocks, hiddenSize))).Blocks);
    }

    [Fact]
    public void Read_IntermediateSize_InPlaceOfAMultiplier()
    {
        ModelConfig config = Read(Config(64, JsonNode.Parse("""[{"attention": {"n_heads_in_group": 4, "no_op": false}, "ffn": {"intermediate_size": 77}}]""")!));
        Assert.Equal([new BlockShape(8, 2, 77)], config.Blocks);
        Assert.Equal("llama", config.Architecture.ModelType);
    }

    [Theory]
    [InlineData("[]", "has 0 entries")]
    [InlineData("""[{"ffn": {"ffn_mult": 1}}]""", "'block_configs[0].attention' is missing")]
    [InlineData("""[{"attention": {"no_op": true}}]""", "ffn")]
    [InlineData("""[{"attention": {"n_heads_in_group": 3}, "ffn": {"ffn_mult": 1}}]""", "is 3, expected a divisor of the 8 query heads")]
    [InlineData("""[{"attention": {"n_heads_in_group": 0}, "ffn": {"ffn_mult": 1}}]""", "n_heads_in_group")]
    [InlineData("""[{"attention": {"n_heads_in_group": 16}, "ffn": {"ffn_mult": 1}}]""", "n_heads_in_group")]
    [InlineData("""[{"attention": {"n_heads_in_group": 8}, "ffn": {"ffn_mult": 0}}]""", "gives 0 neurons")]
    [InlineData("""[{"attention": {"n_heads_in_group": 8}, "ffn": {"ffn_mult": 1e6}}]""", "expected 1 to 4194304 neurons")]
    [InlineData("""[{"attention": {"n_heads_in_group": 8}, "ffn": {"ffn_mult": -1}}]""", "ffn_mult")]
    [InlineData("""[{"attention": {"n_heads_in_group": 8}, "ffn": {"intermediate_size": 0}}]""", "intermediate_size")]
    [InlineData("""[{"attention": {"n_heads_in_group": 8}, "ffn": {}}]""", "intermediate_size")]
    [InlineData("7", "block_configs")]
    public void Read_BrokenBlock_Refused(string blocks, string reason) =>
        Assert.Contains(reason, Assert.Throws<ModelFormatException>(() => Read(Config(64, JsonNode.Parse(blocks)!))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_LinearInPlaceOfAttention_NotSupported() => Assert.Contains(
        "replace_with_linear",
        Assert.Throws<UnsupportedModelException>(() => Read(Config(64, JsonNode.Parse("""[{"attention": {"replace_with_linear": true}, "ffn": {"no_op": true}}]""")!))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Write_NoMultiple_Refused() => Assert.Throws<ArgumentException>(() => BlockConfigs.Write([new BlockShape(8, 8, 100)], 64));

    private static JsonObject Config(int hiddenSize, JsonNode blocks) => new()
    {
        ["model_type"] = "nemotron-nas",
        ["hidden_size"] = hiddenSize,
        ["num_attention_heads"] = 8,
        ["num_hidden_layers"] = blocks is JsonArray { Count: > 0 } list ? list.Count : 1,
        ["vocab_size"] = 10,
        ["intermediate_size"] = null,
        ["block_configs"] = blocks,
    };

    private static ModelConfig Read(JsonObject config) =>
        ModelConfigReader.Read(ConfigDocument.Parse(Encoding.UTF8.GetBytes(config.ToJsonString()), "config.json"));
}
