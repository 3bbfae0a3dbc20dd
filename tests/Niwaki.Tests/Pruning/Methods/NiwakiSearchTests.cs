using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Methods;
using Niwaki.Runs;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class NiwakiSearchTests
{
    private const int Windows = 16;

    // Sizes of novels-4m, of a model of many heads, of Llama 3.2 1B, Llama 3 8B and Llama 2 7B, at a sparsity of 0.3: 14 passes a round, 224 of one window.
    [Theory]
    [InlineData(8, 192, 32, 6, 3, 512, 32, true, 8)]
    [InlineData(12, 320, 32, 10, 10, 864, 128, false, 8)]
    [InlineData(16, 2048, 64, 32, 8, 8192, 2048, false, 8)]
    [InlineData(32, 4096, 128, 32, 8, 14336, 4096, false, 4)]
    [InlineData(32, 4096, 128, 32, 32, 11008, 2048, false, 2)]
    public void Fit_SizesOfRealModels_AsCloseAsThePassesAllow(int blocks, int hidden, int headDim, int heads, int groups, int neurons, int size, bool all, int windows)
    {
        ModelConfig config = Config(blocks, hidden, headDim, new BlockShape(heads, groups, neurons));
        Recipe recipe = new() { Sparsity = 0.3 };
        var shapes = new ShapeRules(config);

        NiwakiSearch search = Fit(recipe, config, shapes);

        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(config, WidthUnits.All);
        Assert.Equal((size, all, windows), (search.GroupSize, search.AllKeyValueGroups, search.Windows));
        Assert.InRange(search.WindowPasses(subLayers, config, shapes), 1, 14 * Windows);

        // What is tried stays near four times the share of the round, 0.15, however large the groups.
        Assert.All(subLayers.Where(units => units.SubLayer == SubLayer.Mlp), units => Assert.InRange((double)search.Pool(units, config, shapes) / units.Count, 0.15, 0.3));
    }

    [Fact]
    public void Fit_EvenTheCoarsestCostsMore_TakesIt()
    {
        ModelConfig config = Config(100, 64, 8, new BlockShape(8, 8, 512));
        Recipe recipe = new() { Sparsity = 0.2, Niwaki = new NiwakiOptions { Passes = 0.1 } };
        NiwakiSearch search = Fit(recipe, config, new ShapeRules(config));
        Assert.Equal((64, false, 2), (search.GroupSize, search.AllKeyValueGroups, search.Windows));
    }

    [Fact]
    public void Fit_LargeGroupsAskedFor_KeepsThem()
    {
        ModelConfig config = Config(2, 64, 8, new BlockShape(8, 8, 512));
        Recipe recipe = new() { Sparsity = 0.2, Niwaki = new NiwakiOptions { Group = 128, Passes = 1000 } };
        NiwakiSearch search = Fit(recipe, config, new ShapeRules(config));
        Assert.Equal((128, true, 8), (search.GroupSize, search.AllKeyValueGroups, search.Windows));
    }

    private static NiwakiSearch Fit(Recipe recipe, ModelConfig config, ShapeRules shapes) =>
        NiwakiSearch.Fit(recipe, config, shapes, WidthTarget.Of(config, recipe), Windows);

    private static ModelConfig Config(int blocks, int hidden, int headDim, BlockShape shape) => RandomCheckpoint.Config(
        new RandomCheckpointSpec { HiddenSize = hidden, HeadDim = headDim, Blocks = [.. Enumerable.Repeat(shape, blocks)] });
}
