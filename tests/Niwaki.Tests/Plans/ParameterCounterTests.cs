using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public class ParameterCounterTests
{
    // LLaMA-3-8B: 4,096 wide, 32 query heads of 128 channels in 8 groups, 14,336 neurons, 128,256 tokens, output head not tied.
    private static readonly RandomCheckpointSpec Llama3 = new()
    {
        HiddenSize = 4096,
        HeadDim = 128,
        VocabularySize = 128_256,
        Blocks = [.. Enumerable.Repeat(new BlockShape(32, 8, 14_336), 32)],
    };

    // Group: 4 query heads share a key and value head: (2·4 + 2)·128·4096. Neuron: 3·4096. Attention: 8 groups. MLP: 14,336 neurons.
    [Theory]
    [InlineData(UnitKind.KeyValueGroup, 5_242_880)]
    [InlineData(UnitKind.Neuron, 12_288)]
    [InlineData(UnitKind.Attention, 41_943_040)]
    [InlineData(UnitKind.Mlp, 176_160_768)]
    [InlineData(UnitKind.Block, 218_103_808)]
    public void PrunableOf_Llama3_IsCountedExactly(UnitKind kind, long expected) =>
        Assert.Equal(expected, ParameterCounter.PrunableOf(RandomCheckpoint.Config(Llama3), new Unit(kind, 3, 0)));

    // 32 blocks of 218,103,808 and two norms of 4,096; two tables of 128,256·4,096 and the last norm: the published 8,030,261,248.
    [Fact]
    public void Count_Llama3_IsThePublishedNumber() =>
        Assert.Equal(new ParameterCount(8_030_261_248, 32 * 218_103_808L), ParameterCounter.Count(RandomCheckpoint.Config(Llama3)));

    // Per block, 16 wide, 4 and 2 heads of 4 channels, 12 neurons: q and o 16·16, k and v 8·16, three times 12·16: 1,344 prunable; two norms 32.
    // Outside the blocks: 24·16 for each table, last norm 16.
    // llama biases: q and o 16, k and v 8, gate and up 12, down 16: 88. qwen2: q, k, v: 32. qwen3: two norms of 4.
    [Theory]
    [InlineData("llama", false, false, (2 * 384) + 16 + (2 * (1344 + 32)))]
    [InlineData("llama", true, false, 384 + 16 + (2 * (1344 + 32)))]
    [InlineData("llama", true, true, 384 + 16 + (2 * (1344 + 32 + 88)))]
    [InlineData("mistral", true, true, 384 + 16 + (2 * (1344 + 32)))]
    [InlineData("qwen2", true, false, 384 + 16 + (2 * (1344 + 32 + 32)))]
    [InlineData("qwen3", true, false, 384 + 16 + (2 * (1344 + 32 + 8)))]
    public void Count_SmallModels_IsTheSumByHand(string modelType, bool tied, bool biases, long total)
    {
        var spec = new RandomCheckpointSpec { ModelType = modelType, TiedEmbeddings = tied, AttentionBias = biases, MlpBias = biases };

        Assert.Equal(new ParameterCount(total, 2 * 1344), ParameterCounter.Count(RandomCheckpoint.Config(spec)));
    }

    [Fact]
    public void PrunableOf_AllUnitsOfAKind_AddUpToAllPrunableOfThatKind()
    {
        // Blocks that differ, one without attention, one without an MLP.
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec
        {
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 7), new BlockShape(6, 2, 0), new BlockShape(3, 3, 5)],
        });
        long Sum(UnitKind kind) => Unit.All(config, kind).Sum(unit => ParameterCounter.PrunableOf(config, unit));

        // (2·g + 2)·4·16 per group: g = 2 twice 384, g = 3 twice 512, g = 1 thrice 256. 48 per neuron.
        Assert.Equal((2 * 384) + (2 * 512) + (3 * 256), Sum(UnitKind.KeyValueGroup));
        Assert.Equal((12 + 7 + 5) * 48, Sum(UnitKind.Neuron));
        Assert.Equal(Sum(UnitKind.KeyValueGroup), Sum(UnitKind.Attention));
        Assert.Equal(Sum(UnitKind.Neuron), Sum(UnitKind.Mlp));
        Assert.Equal(ParameterCounter.Count(config).Prunable, Sum(UnitKind.Attention) + Sum(UnitKind.Mlp));
        Assert.Equal(ParameterCounter.Count(config).Prunable, Sum(UnitKind.Block));
    }

    [Theory]
    [InlineData(UnitKind.Neuron, 0, 12)]
    [InlineData(UnitKind.Neuron, 0, -1)]
    [InlineData(UnitKind.KeyValueGroup, 1, 2)]
    [InlineData(UnitKind.Attention, 0, 1)]
    [InlineData(UnitKind.Block, 2, 0)]
    [InlineData(UnitKind.Mlp, -1, 0)]
    [InlineData((UnitKind)9, 0, 0)]
    public void PrunableOf_UnitThatIsNotThere_Throws(UnitKind kind, int block, int index) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ParameterCounter.PrunableOf(RandomCheckpoint.Config(new RandomCheckpointSpec()), new Unit(kind, block, index)));
}
