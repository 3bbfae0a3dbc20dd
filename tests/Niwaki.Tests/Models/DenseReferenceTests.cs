using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Tests.Models;

public sealed class DenseReferenceTests
{
    [Fact]
    public void MeanDivergence_OfTheDenseModel_IsZero()
    {
        using var open = new OpenModel(new RandomCheckpointSpec());
        using Transformer model = open.Load();
        using var reference = DenseReference.Create(model, open.Windows(9, 80, 2));
        Assert.Equal(0, reference.MeanDivergence(model, null), 12);
    }

    // Against probabilities worked out one by one from the logits, more tokens than a tile has, the last of each window left out.
    [Fact]
    public void MeanDivergence_OfASubModel_EqualsTheSumOverTheVocabulary()
    {
        using var open = new OpenModel(new RandomCheckpointSpec());
        using Transformer model = open.Load();
        int[][] windows = open.Windows(5, 90);
        var gates = new ModelGates(2);
        gates[0].SetNeuron(open.Config.Blocks[0], 3, 0);
        gates[1].Attention = false;
        using var reference = DenseReference.Create(model, windows);

        double expected = 0;
        double[][][] dense = Probabilities(model, windows, null);
        double[][][] other = Probabilities(model, windows, gates);
        for (int w = 0; w < windows.Length; w++)
        {
            for (int t = 0; t < windows[w].Length - 1; t++)
            {
                expected += dense[w][t].Zip(other[w][t], (p, q) => p * Math.Log(p / q)).Sum();
            }
        }

        Assert.True(expected > 0);
        Assert.Equal(expected / (4 + 89), reference.MeanDivergence(model, gates), 6);
    }

    private static double[][][] Probabilities(Transformer model, int[][] windows, ModelGates? gates) => [.. windows.Select(window =>
    {
        using ResidualStream stream = model.Embed([window]);
        model.RunBlocks(stream, 0, 2, gates is null ? null : [gates]);
        using var buffer = new NativeBuffer<float>((long)window.Length * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, window.Length, model.Config.VocabularySize);
        model.Logits(stream, [.. Enumerable.Range(0, window.Length)], logits);
        double[][] probabilities = new double[window.Length][];
        for (int t = 0; t < window.Length; t++)
        {
            double[] exponentials = [.. logits[t].ToArray().Select(logit => Math.Exp(logit))];
            probabilities[t] = [.. exponentials.Select(e => e / exponentials.Sum())];
        }

        return probabilities;
    })];
}
