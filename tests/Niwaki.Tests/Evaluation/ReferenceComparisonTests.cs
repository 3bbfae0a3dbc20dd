using Niwaki.Evaluation;
using Niwaki.Models;
using Niwaki.Tests.Generation;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Evaluation;

public sealed class ReferenceComparisonTests
{
    private static readonly ScoredText Text = new("gptq", 9, [new ScoredWindow([1, 2, 3, 4, 5, 6, 7, 8, 9], 4), new ScoredWindow([9, 3, 17])], ErrorUnit.Windows);

    /// <summary>Every figure of the table again, from probabilities in float64.</summary>
    [Fact]
    public void Measure_TwoModels_EqualsTheDefinitions()
    {
        using LoadedModel model = LoadedModel.Random(new RandomCheckpointSpec { HiddenSize = 32 });
        using LoadedModel reference = LoadedModel.Random();
        ReferenceResult found = ReferenceComparison.Measure(model.Transformer, reference.Transformer, Text, cancellationToken: TestContext.Current.CancellationToken);

        var rows = new List<(double[] P, double[] Q, int Target)>();
        foreach (ScoredWindow window in Text.Windows)
        {
            float[][] expected = reference.Logits(window.Ids), other = model.Logits(window.Ids);
            rows.AddRange(Enumerable.Range(window.FirstScored, window.Scored).Select(t => (Softmax(expected[t - 1]), Softmax(other[t - 1]), window.Ids[t])));
        }

        Assert.Equal(7, found.Tokens); // 5 of 9 and 2 of 3
        double[] q = [.. rows.Select(row => -Math.Log(row.Q[row.Target]))];
        double[] p = [.. rows.Select(row => -Math.Log(row.P[row.Target]))];
        double[] kl = [.. rows.Select(row => row.P.Zip(row.Q, (a, b) => a * Math.Log(a / b)).Sum())];
        double[] change = [.. rows.Select(row => row.Q[row.Target] - row.P[row.Target])];
        Close(Math.Exp(q.Average()), found.Perplexity.Value);
        Close(Math.Exp(p.Average()), found.ReferencePerplexity.Value);
        Close(Math.Exp(q.Average()) * ErrorOfMean(q), found.Perplexity.Error);
        Close(q.Average() - p.Average(), found.LogRatio.Value);
        Close(ErrorOfMean([.. q.Zip(p, (a, b) => a - b)]), found.LogRatio.Error); // of the paired differences: the covariance counts
        Close(Math.Exp(q.Average() - p.Average()), found.Ratio.Value);
        Close(Math.Exp(q.Average()) - Math.Exp(p.Average()), found.Difference.Value);

        // First order: the error of e^q̄ − e^p̄ is that of the mean of e^q̄·q − e^p̄·p.
        Close(ErrorOfMean([.. q.Zip(p, (a, b) => (Math.Exp(q.Average()) * a) - (Math.Exp(p.Average()) * b))]), found.Difference.Error);
        Close(q.Zip(p, (a, b) => (a - q.Average()) * (b - p.Average())).Sum() / Math.Sqrt(Squares(q) * Squares(p)), found.Correlation);
        Close(kl.Average(), found.Divergence.Mean.Value);
        Close(ErrorOfMean(kl), found.Divergence.Mean.Error);
        Close(kl.Max(), found.Divergence.Largest);
        Close(kl.Min(), found.Divergence.Smallest);
        Close(kl.Order().ElementAt(3), found.Divergence.Median);
        Close(change.Average(), found.ProbabilityChange.Mean.Value);

        // Of 7 values, 90% lie 0.4 of the way from the sixth to the seventh.
        double[] sorted = [.. change.Order()];
        Close((0.6 * sorted[5]) + (0.4 * sorted[6]), found.ProbabilityChange.At(90));
        Close(Math.Sqrt(change.Average(x => x * x)), found.RootMeanSquareChange.Value);
        double same = rows.Average(row => Array.IndexOf(row.P, row.P.Max()) == Array.IndexOf(row.Q, row.Q.Max()) ? 1.0 : 0);
        Close(same, found.SameTop.Value);
        Close(Math.Sqrt(same * (1 - same) / 6), found.SameTop.Error);
    }

    [Fact]
    public void Measure_SameModel_NothingDiffers()
    {
        using LoadedModel model = LoadedModel.Random();
        ReferenceResult found = ReferenceComparison.Measure(model.Transformer, model.Transformer, Text, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, found.SameTop.Value);
        Assert.Equal((0, 0), (found.LogRatio.Value, found.RootMeanSquareChange.Value));
        Assert.InRange(found.Divergence.Largest, 0, 1e-7);
        Assert.InRange(found.LogRatio.Error, 0, 1e-7);
        Assert.Equal(1, found.Correlation, 1e-9);
    }

    [Fact]
    public void Measure_ModelOfNoNumbersOrNothingToScore_Throws()
    {
        using LoadedModel broken = LoadedModel.Random(edit: folder => LoadedModel.Fill(folder, TensorNames.FinalNorm, float.NaN));
        using LoadedModel model = LoadedModel.Random();
        NonFiniteLossException error = Assert.Throws<NonFiniteLossException>(() =>
            ReferenceComparison.Measure(broken.Transformer, model.Transformer, Text, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal((0, 4), (error.Window, error.Position));
        Assert.Throws<ArgumentException>(() => ReferenceComparison.Measure(model.Transformer, model.Transformer, Text with { Windows = [] }, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Error_ClustersOfUnequalSize_AsARatio()
    {
        // Sums 1, 3, 8 over 1, 2, 3 values: mean 2, deviations −1, −1, 2; 3 / 2 · 6 / 36 = 1/4.
        var mean = new ClusteredMean();
        mean.Add(1, 1);
        mean.Add(3, 2);
        mean.Add(8, 3);
        Assert.Equal((2, 0.5), (mean.Mean, mean.Error()));
    }

    private static void Close(double expected, double found) => Assert.InRange(found, expected - (1e-5 * Math.Max(1, Math.Abs(expected))), expected + (1e-5 * Math.Max(1, Math.Abs(expected))));

    private static double Squares(double[] values) => values.Sum(value => (value - values.Average()) * (value - values.Average()));

    /// <summary>Root of the mean square deviation over the number less one.</summary>
    private static double ErrorOfMean(double[] values) => Math.Sqrt(Squares(values) / values.Length / (values.Length - 1));

    private static double[] Softmax(float[] logits)
    {
        double largest = logits.Max();
        double sum = logits.Sum(logit => Math.Exp(logit - largest));
        return [.. logits.Select(logit => Math.Exp(logit - largest) / sum)];
    }
}
