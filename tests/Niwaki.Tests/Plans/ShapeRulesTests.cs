using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public sealed class ShapeRulesTests
{
    private static readonly BlockShape Shape = new(32, 8, 1024);

    [Theory]

    // Channels of a KV group: 4 heads of 64, so that every number of groups is a multiple of 256.
    [InlineData(null, 1, "7 6 5 4 3 2 1 0")]
    [InlineData(null, 256, "7 6 5 4 3 2 1 0")]
    [InlineData(ShapeProfile.HeteroHf, 1, "7 6 5 4 3 2 1 0")]

    // KV heads divide the 32 query heads that every block gets.
    [InlineData(ShapeProfile.NemotronNas, 1, "4 2 1 0")]
    [InlineData(ShapeProfile.Uniform, 1, "7 6 5 4 3 2 1")]
    public void Of_Attention_CountsThatMayStay(ShapeProfile? profile, int roundTo, string expected) =>
        Assert.Equal(expected, string.Join(' ', new ShapeRules(Model(false), profile, roundTo).Of(SubLayer.Attention, Shape).AllBelow(8)));

    // 2,048 / 64 = 32 heads: with biases it stays a Llama, whose heads divide the hidden size; 4 of 7 and so on do not.
    [Fact]
    public void Of_UniformLlamaWithBiases_HeadsDivideTheHiddenSize()
    {
        Assert.Equal([4, 2, 1], new ShapeRules(Model(true), ShapeProfile.Uniform).Of(SubLayer.Attention, Shape).AllBelow(8));
        Assert.Equal([4, 2, 1], new ShapeRules(Model(false), ShapeProfile.Uniform, addsBiases: true).Of(SubLayer.Attention, Shape).AllBelow(8));
    }

    [Theory]
    [InlineData(null, 1, 1023)]
    [InlineData(null, 64, 960)]
    [InlineData(ShapeProfile.NemotronNas, 1, 768)]
    [InlineData(ShapeProfile.NemotronNas, 128, 768)]
    public void Of_Neurons_NextWidth(ShapeProfile? profile, int roundTo, int expected) =>
        Assert.Equal(expected, new ShapeRules(Model(false), profile, roundTo).Of(SubLayer.Mlp, Shape).Below(1024));

    [Theory]
    [InlineData(10, 1, 2)]
    [InlineData(10, 3, 6)]
    [InlineData(10, 7, 10)]
    [InlineData(8, 5, 8)]
    public void RemovableFrom_MultiplesOfFour_WholeSteps(int count, int atLeast, int expected) =>
        Assert.Equal(expected, new UnitCounts(4).RemovableFrom(count, atLeast));

    [Fact]
    public void RemovableFrom_MayNotVanish_LeavesTheLast()
    {
        Assert.Equal(4, new UnitCounts(4, MayVanish: false).RemovableFrom(8, 7));
        Assert.Equal(0, new UnitCounts(1, MayVanish: false).RemovableFrom(1, 1));
    }

    private static ModelConfig Model(bool biases) => RandomCheckpoint.Config(new RandomCheckpointSpec
    {
        HiddenSize = 2048,
        HeadDim = 64,
        Blocks = [Shape, Shape],
        AttentionBias = biases,
    });
}
