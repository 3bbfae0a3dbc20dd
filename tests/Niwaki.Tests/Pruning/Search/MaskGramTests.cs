using Niwaki.Numerics;
using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class MaskGramTests
{
    // What the dual form foretells of a row that was held out is what its coefficients say: ȳ + (x − x̄)·β.
    [Fact]
    public void Predict_HeldOutRow_EqualsTheCoefficients()
    {
        var random = new SeededRandom(3);
        bool[][] masks = [.. Enumerable.Range(0, 12).Select(_ => Enumerable.Range(0, 70).Select(_ => random.NextDouble() < 0.4).ToArray())];
        double[] targets = [.. masks.Select(_ => random.NextNormal())];
        int[] train = [0, 1, 2, 3, 5, 7, 8, 11];
        var gram = new MaskGram(masks);

        DualRidge fit = gram.Fit(train, [.. train.Select(row => targets[row])], 0.3);

        double[] beta = RidgeRegression.Coefficients(masks, fit);
        double[] means = [.. Enumerable.Range(0, 70).Select(j => train.Average(row => masks[row][j] ? 1.0 : 0))];
        double mean = train.Average(row => targets[row]);
        foreach (int row in (ReadOnlySpan<int>)[4, 6, 9, 10, 0])
        {
            Assert.Equal(mean + masks[row].Select((present, j) => ((present ? 1 : 0) - means[j]) * beta[j]).Sum(), gram.Predict(fit, row), 10);
        }
    }

    [Fact]
    public void Create_LengthsDiffer_Throws() => Assert.Throws<ArgumentException>(() => new MaskGram([[true], [true, false]]));
}
