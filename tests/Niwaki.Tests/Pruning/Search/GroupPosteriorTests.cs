using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class GroupPosteriorTests
{
    // Halves that agree leave no noise: every measurement stands.
    [Fact]
    public void Means_NoNoise_KeepsWhatWasMeasured() =>
        Assert.Equal([1, 5, 2], GroupPosterior.Means([(1, 1), (5, 5), (2, 2)], [1, 2, 3]));

    // Effects 2, 4, 6 on priors 1, 2, 3 lie on the scale 12 / 6 = 2 whatever their halves say: no scatter beyond the noise, so the prior decides.
    [Fact]
    public void Means_NoScatterBeyondTheNoise_GivesThePrior()
    {
        double[] means = GroupPosterior.Means([(0, 4), (7, 1), (6, 6)], [1, 2, 3]);
        Assert.Equal([2, 4, 6], means);
    }

    // D = 1: scale (0 + 2 + 4) / 3 = 2, scatter (4 + 0 + 4) / 3 = 8/3, noise 3 · 2² / (4 · 3) = 1, trust (8/3 − 1) / (8/3) = 5/8.
    [Fact]
    public void Means_SomeNoise_LiesBetween()
    {
        double[] means = GroupPosterior.Means([(-1, 1), (1, 3), (5, 3)], [1, 1, 1]);
        Assert.Equal(2 - (5.0 / 8 * 2), means[0], 12);
        Assert.Equal(2, means[1], 12);
        Assert.Equal(2 + (5.0 / 8 * 2), means[2], 12);
    }

    [Fact]
    public void Means_GroupWithoutANumber_GoesLastAndLeavesTheOthers()
    {
        double[] means = GroupPosterior.Means([(-1, 1), (double.PositiveInfinity, 2), (1, 3), (5, 3)], [1, 7, 1, 1]);
        Assert.Equal(double.PositiveInfinity, means[1]);
        Assert.Equal(GroupPosterior.Means([(-1, 1), (1, 3), (5, 3)], [1, 1, 1]), new[] { means[0], means[2], means[3] });
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 3, 4)]
    public void Means_TooFewPriors_KeepsWhatWasMeasured(double a, double b, double c) =>
        Assert.Equal([1, 3, 5], GroupPosterior.Means([(0, 2), (2, 4), (4, 6)], [a, b, c]));
}
