using Niwaki.Numerics;
using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class RidgeRegressionTests
{
    [Fact]
    public void Fit_OneFeatureTwoObservations_MatchesHandDerivation()
    {
        // x = 1, 0 and y = 3, 1: centred x = ±1/2, y = ±1, X Xᵀ = [[1/4, -1/4], [-1/4, 1/4]] with mean diagonal 1/4. With γ = 1 the ridge is 1/4:
        // β = (Σ x y) / (Σ x² + 1/4) = 1 / (1/2 + 1/4) = 4/3.
        double[] beta = RidgeRegression.Fit([[true], [false]], [3, 1], 1);
        Assert.Equal(4.0 / 3, beta[0], 12);
    }

    [Fact]
    public void Fit_SmallPenaltyMoreRowsThanFeatures_FindsTheCoefficients()
    {
        double[] truth = [2, -1, 0.5];
        var random = new SeededRandom(5);
        bool[][] features = [.. Enumerable.Range(0, 60).Select(_ => truth.Select(_ => random.NextDouble() < 0.5).ToArray())];
        double[] targets = [.. features.Select(row => 7 + row.Zip(truth, (present, effect) => present ? effect : 0).Sum())];
        double[] beta = RidgeRegression.Fit(features, targets, 1e-9);
        for (int i = 0; i < truth.Length; i++)
        {
            Assert.Equal(truth[i], beta[i], 5);
        }
    }

    [Fact]
    public void Fit_DualForm_EqualsPrimalNormalEquations()
    {
        var random = new SeededRandom(9);
        bool[][] features = [.. Enumerable.Range(0, 8).Select(_ => Enumerable.Range(0, 20).Select(_ => random.NextDouble() < 0.5).ToArray())];
        double[] targets = [.. features.Select(_ => random.NextNormal())];
        double[] beta = RidgeRegression.Fit(features, targets, 0.1);

        // Stationarity of the objective: Xᶜᵀ (Xᶜ β − yᶜ) + r β = 0 with the same r = γ · mean diagonal of Xᶜ Xᶜᵀ.
        double mean = targets.Average();
        double[] means = [.. Enumerable.Range(0, 20).Select(j => features.Average(row => row[j] ? 1.0 : 0))];
        double[][] x = [.. features.Select(row => row.Select((p, j) => (p ? 1 : 0) - means[j]).ToArray())];
        double ridge = 0.1 * x.Average(row => row.Sum(v => v * v));
        double[] residuals = [.. x.Select((row, k) => row.Zip(beta, (a, b) => a * b).Sum() - (targets[k] - mean))];
        for (int j = 0; j < beta.Length; j++)
        {
            Assert.Equal(0, x.Select((row, k) => row[j] * residuals[k]).Sum() + (ridge * beta[j]), 10);
        }
    }

    [Fact]
    public void Fit_ConstantTargets_GivesZeros() =>
        Assert.All(RidgeRegression.Fit([[true, false], [false, true]], [2, 2], 0.5), b => Assert.Equal(0, b));

    [Fact]
    public void Fit_ConstantFeatures_GivesZeros() =>
        Assert.All(RidgeRegression.Fit([[true, true], [true, true]], [1, 2], 0.5), b => Assert.Equal(0, b));

    [Fact]
    public void Fit_TargetNotFinite_Throws() =>
        Assert.Throws<ArgumentException>(() => RidgeRegression.Fit([[true], [false]], [1, double.NaN], 0.5));

    [Fact]
    public void Fit_NoObservation_Throws() => Assert.Throws<ArgumentException>(() => RidgeRegression.Fit([], [], 0.5));

    [Fact]
    public void Fit_PenaltyZero_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => RidgeRegression.Fit([[true]], [1], 0));
}
