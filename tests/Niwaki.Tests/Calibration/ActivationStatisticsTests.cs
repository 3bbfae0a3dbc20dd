using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Generation;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Calibration;

public sealed class ActivationStatisticsTests
{
    private static readonly RandomCheckpointSpec Spec = new()
    {
        Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 20), new BlockShape(2, 1, 0)],
    };

    private static readonly int[][] Windows = [[1, 2, 3, 4, 5], [6, 7], [8, 9, 10]];

    [Fact]
    public void Collect_EveryPlace_SumsOfWhatTheTapSees()
    {
        using LoadedModel model = LoadedModel.Random(Spec);
        var seen = new Dictionary<(TapPoint Point, int Block), List<float[]>>();
        model.Losses(Windows, tap: (point, block, activations) =>
        {
            List<float[]> rows = seen.TryGetValue((point, block), out List<float[]>? found) ? found : seen[(point, block)] = [];
            rows.AddRange(Enumerable.Range(0, activations.Rows).Select(row => activations[row].ToArray()));
        });

        ActivationStatistics statistics = Collect(model, Windows);

        AssertSums(seen[(TapPoint.AttentionHeads, 0)], statistics.Heads(0), 16);
        AssertSums(seen[(TapPoint.MlpNeurons, 0)], statistics.Neurons(0), 12);
        AssertSums([], statistics.Heads(1), 0);
        AssertSums(seen[(TapPoint.MlpNeurons, 1)], statistics.Neurons(1), 20);
        AssertSums(seen[(TapPoint.AttentionHeads, 2)], statistics.Heads(2), 8);
        AssertSums([], statistics.Neurons(2), 0);
        Assert.Equal(10, statistics.Heads(0).Tokens);
    }

    [Fact]
    public void Collect_PassCutIntoManySets_SameBits()
    {
        using LoadedModel whole = LoadedModel.Random(Spec);
        int[][] windows = [.. Enumerable.Range(0, 30).Select(i => Enumerable.Range(0, 50).Select(t => (i + (t * 5)) % 24).ToArray())];
        ActivationStatistics expected = Collect(whole, windows);

        // A budget that holds little more than the largest block leaves the stream of one context (256 tokens of 16 channels).
        using LoadedModel cut = LoadedModel.Random(Spec, options: new TransformerOptions { MemoryBytes = 60_000 });
        Assert.True(ForwardPass.Cut(cut.Transformer, windows).Count() > 1);
        ActivationStatistics actual = Collect(cut, windows);
        Assert.Equal(expected.Heads(2).SumsOfSquares.ToArray(), actual.Heads(2).SumsOfSquares.ToArray());
        Assert.Equal(expected.Neurons(1).Sums.ToArray(), actual.Neurons(1).Sums.ToArray());
        Assert.Equal(1500, actual.Neurons(1).Tokens);
    }

    [Fact]
    public void Collect_SubLayerOff_TokensOfTheOtherWindowsOnly()
    {
        using LoadedModel model = LoadedModel.Random(Spec);
        var gates = new ModelGates(3);
        gates[0].Attention = false;
        gates[1].SetNeuron(Spec.Blocks[1], 7, 0);
        ActivationStatistics statistics = Collect(model, Windows, [gates, null, gates]);
        Assert.Equal(2, statistics.Heads(0).Tokens);
        Assert.Equal(10, statistics.Neurons(0).Tokens);
        ActivationStatistics alone = Collect(model, [Windows[1]]);
        Assert.Equal(alone.Neurons(1).SumsOfSquares[7], statistics.Neurons(1).SumsOfSquares[7]);
        Assert.True(alone.Neurons(1).SumsOfSquares[6] < statistics.Neurons(1).SumsOfSquares[6]);
    }

    [Fact]
    public void Collect_OtherNumberOfGates_Throws()
    {
        using LoadedModel model = LoadedModel.Random(Spec);
        Assert.Throws<ShapeMismatchException>(() => Collect(model, Windows, [null]));
    }

    [Fact]
    public void Add_ResidualStream_PassedOver()
    {
        using LoadedModel model = LoadedModel.Random(Spec);
        var statistics = new ActivationStatistics(model.Config);
        using var buffer = new NativeBuffer<float>(16);
        statistics.Add(TapPoint.BlockInput, 0, new TensorView<float>(buffer, 1, 16));
        statistics.Add(TapPoint.BlockOutput, 0, new TensorView<float>(buffer, 1, 16));
        Assert.Equal(0, statistics.Heads(0).Tokens);
    }

    private static ActivationStatistics Collect(LoadedModel model, int[][] windows, IReadOnlyList<ModelGates?>? gates = null) =>
        ActivationStatistics.Collect(model.Transformer, windows, gates, TestContext.Current.CancellationToken);

    private static void AssertSums(List<float[]> rows, ChannelStatistics statistics, int channels)
    {
        Assert.Equal(channels, statistics.Channels);
        Assert.Equal(rows.Count, statistics.Tokens);
        for (int c = 0; c < channels; c++)
        {
            Assert.Equal(rows.Aggregate(0.0, (sum, x) => sum + x[c]), statistics.Sums[c]);
            Assert.Equal(rows.Aggregate(0.0, (sum, x) => sum + ((double)x[c] * x[c])), statistics.SumsOfSquares[c]);
        }
    }
}
