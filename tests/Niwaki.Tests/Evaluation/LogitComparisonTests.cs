using Niwaki.Evaluation;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Evaluation;

public sealed class LogitComparisonTests
{
    private static readonly RandomCheckpointSpec Spec = new() { VocabularySize = 70_000 };

    [Fact]
    public void Measure_TwoModels_EqualsSumsOverAllLogits()
    {
        // 70,000 tokens make tiles of 59 positions: two of them for 100.
        using var first = new OpenModel(Spec, seed: 1);
        using var second = new OpenModel(Spec, seed: 2);
        using Transformer reference = first.Load(), other = second.Load(new TransformerOptions { MemoryBytes = 32 << 20 });
        int[][] windows = first.Windows(90, 1, 9);

        LogitDifference found = LogitComparison.Measure(reference, other, windows, cancellationToken: TestContext.Current.CancellationToken);

        double largest = 0, sum = 0, sumReference = 0, relative = 0, divergence = 0, largestDivergence = 0;
        int same = 0;
        foreach (int[] window in windows)
        {
            float[][] expected = Logits(reference, window), logits = Logits(other, window);
            for (int t = 0; t < window.Length; t++)
            {
                double[] differences = [.. expected[t].Zip(logits[t], (a, b) => Math.Abs((double)a - b))];
                largest = Math.Max(largest, differences.Max());
                sum += differences.Sum();
                sumReference += expected[t].Sum(x => Math.Abs((double)x));
                relative = Math.Max(relative, differences.Max() / expected[t].Max(Math.Abs));
                double[] p = Probabilities(expected[t]), q = Probabilities(logits[t]);
                double kl = p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
                divergence += kl;
                largestDivergence = Math.Max(largestDivergence, kl);
                same += Array.IndexOf(expected[t], expected[t].Max()) == Array.IndexOf(logits[t], logits[t].Max()) ? 1 : 0;
            }
        }

        Assert.Equal(100, found.Tokens);
        Assert.Equal(largest, found.Largest, 1e-6);
        Assert.Equal(sum / (100 * 70_000.0), found.Mean, 1e-6);
        Assert.Equal(relative, found.LargestRelative, 1e-6);
        Assert.Equal(sum / sumReference, found.MeanRelative, 1e-6);
        Assert.Equal(divergence / 100, found.MeanDivergence, 1e-5);
        Assert.Equal(largestDivergence, found.LargestDivergence, 1e-5);
        Assert.Equal(same / 100.0, found.TopAgreement);
    }

    [Fact]
    public void Measure_GatedModelAndTheSameCut_Same()
    {
        using var model = new OpenModel(new RandomCheckpointSpec { Blocks = [new BlockShape(4, 2, 12), new BlockShape(4, 4, 9)] });
        var selection = new ModelSelection(model.Config, [new BlockSelection([2, 3], [1], [0, 4, 5]), new BlockSelection([], [], [8])]);
        using Transformer source = model.Load(), cut = model.Load(new TransformerOptions { Selection = selection });
        int[][] windows = LogitComparison.RandomWindows(model.Config);

        LogitDifference gated = LogitComparison.Measure(source, cut, windows, ModelGates.For(model.Config, selection), cancellationToken: TestContext.Current.CancellationToken);
        LogitDifference open = LogitComparison.Measure(source, cut, windows, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(gated.IsWithin(1e-6), gated.ToString());
        Assert.Equal(1, gated.TopAgreement);
        Assert.False(open.IsWithin(0.01), open.ToString());
        gated.ThrowIfAbove("model");
        Assert.Contains("'model': logits differ by", Assert.Throws<VerificationException>(() => open.ThrowIfAbove("model")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_OneModelIsNotFinite_Infinite()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using var broken = new OpenModel(new RandomCheckpointSpec { Coded = true, HiddenSize = 64, ElementType = ElementType.F16 });
        using var wide = new OpenModel(new RandomCheckpointSpec { HiddenSize = 64 });
        using Transformer fine = wide.Load(), other = broken.Load();
        LogitDifference difference = LogitComparison.Measure(fine, other, LogitComparison.RandomWindows(wide.Config), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(double.PositiveInfinity, difference.LargestRelative);
        Assert.False(difference.IsWithin(1e30));
    }

    [Fact]
    public void Measure_OtherVocabularyOrNoToken_Refused()
    {
        using var model = new OpenModel(new RandomCheckpointSpec());
        using var other = new OpenModel(new RandomCheckpointSpec { VocabularySize = 25 });
        using Transformer first = model.Load(), second = other.Load();
        Assert.Contains("24 and 25", Assert.Throws<VerificationException>(() => LogitComparison.Measure(
            first, second, [[1]], cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Throws<VerificationException>(() => LogitComparison.Measure(first, first, [], cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void LogitFile_Window_HoldsIdsAndLogits()
    {
        using var folder = new TemporaryFolder();
        using var model = new OpenModel(new RandomCheckpointSpec());
        using Transformer transformer = model.Load();
        int[] window = model.Windows(19)[0];

        LogitFile.Write(folder["logits.safetensors"], transformer, window, TestContext.Current.CancellationToken);

        using SafetensorsFile file = SafetensorsFile.Open(folder["logits.safetensors"]);
        Assert.Equal(string.Join(' ', window), file.Metadata["ids"]);
        WeightView logits = file.Matrix("logits", 19, 24);
        float[][] expected = Logits(transformer, window);
        float[] row = new float[24];
        for (int t = 0; t < window.Length; t++)
        {
            WeightValues.Widen(logits, t, row);
            Assert.Equal(expected[t], row);
        }
    }

    private static float[][] Logits(Transformer model, int[] window)
    {
        using ResidualStream stream = model.Embed([window]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        using var buffer = new NativeBuffer<float>((long)window.Length * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, window.Length, model.Config.VocabularySize);
        model.Logits(stream, [.. Enumerable.Range(0, window.Length)], logits);
        return [.. Enumerable.Range(0, window.Length).Select(t => logits[t].ToArray())];
    }

    private static double[] Probabilities(float[] logits)
    {
        double largest = logits.Max();
        double[] exponentials = [.. logits.Select(x => Math.Exp(x - largest))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(x => x / sum)];
    }
}
