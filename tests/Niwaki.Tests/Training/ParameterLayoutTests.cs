using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Models;
using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class ParameterLayoutTests
{
    [Fact]
    public void Layout_UnequalBlocks_CoversAllParametersWithoutGaps()
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec
        {
            AttentionBias = true,
            MlpBias = true,
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 5), new BlockShape(2, 1, 0)],
        });
        var layout = new ParameterLayout(config);
        long end = 0;
        foreach (ParameterTensor tensor in layout.Tensors)
        {
            Assert.Equal(end, tensor.Offset);
            end += tensor.Count;
        }

        Assert.Equal(end, layout.Count);
        Assert.Equal(ParameterCounter.Count(config).Total, layout.Count);
    }

    [Fact]
    public void Layout_Block_StacksWhatOneProductTakes()
    {
        // 4 query heads and 2 key heads of 4 channels: 16, 8 and 8 rows of 16 inputs follow each other; 12 gate and 12 up neurons do.
        var layout = new ParameterLayout(RandomCheckpoint.Config(new RandomCheckpointSpec { AttentionBias = true, MlpBias = true }));
        long query = layout.Offset(1, BlockTensorRole.Query)!.Value;
        Assert.Equal(query + (16 * 16), layout.Offset(1, BlockTensorRole.Key));
        Assert.Equal(query + (24 * 16), layout.Offset(1, BlockTensorRole.Value));
        Assert.Equal(layout.Offset(1, BlockTensorRole.QueryBias) + 16, layout.Offset(1, BlockTensorRole.KeyBias));
        Assert.Equal(layout.Offset(1, BlockTensorRole.QueryBias) + 24, layout.Offset(1, BlockTensorRole.ValueBias));
        Assert.Equal(layout.Offset(1, BlockTensorRole.Gate) + (12 * 16), layout.Offset(1, BlockTensorRole.Up));
        Assert.Equal(layout.Offset(1, BlockTensorRole.GateBias) + 12, layout.Offset(1, BlockTensorRole.UpBias));
        Assert.Null(layout.Offset(1, BlockTensorRole.QueryNorm));
    }

    [Fact]
    public void Random_SameSeed_SameNumbersOfTheRightSize()
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec { HiddenSize = 64, VocabularySize = 200 });
        using ModelParameters first = ModelParameters.Random(config, 5);
        using ModelParameters second = ModelParameters.Random(config, 5);
        using ModelParameters other = ModelParameters.Random(config, 6);
        ParameterTensor embedding = first.Layout.Find(TensorNames.Embedding)!.Value;
        ParameterTensor down = first.Layout.Find("model.layers.1.mlp.down_proj.weight")!.Value;
        Assert.Equal(first[embedding][7].ToArray(), second[embedding][7].ToArray());
        Assert.NotEqual(first[embedding][7].ToArray(), other[embedding][7].ToArray());
        Assert.Equal(0.02, Deviation(first, embedding), 0.001);
        Assert.Equal(0.01, Deviation(first, down), 0.001); // 2 blocks of 2 sub-layers: divided by 2
        Assert.All(first[first.Layout.Find(TensorNames.FinalNorm)!.Value][0].ToArray(), value => Assert.Equal(1, value));
    }

    private static double Deviation(ModelParameters parameters, ParameterTensor tensor) =>
        Math.Sqrt(Enumerable.Range(0, tensor.Rows).SelectMany(row => parameters[tensor][row].ToArray()).Average(value => (double)value * value));
}
