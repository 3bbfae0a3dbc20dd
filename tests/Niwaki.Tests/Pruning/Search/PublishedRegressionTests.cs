using Niwaki.Kernels;
using Niwaki.Numerics;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Tests.Pruning.Search;

public sealed class PublishedRegressionTests
{
    private static readonly PublishedRegressionOptions Options = PublishedRegressionOptions.Of(new BonsaiOptions(), null);

    // Three units of effect 30, 10 and 0, no noise: whatever setting wins must rank held-out masks, so the coefficients fall in that order.
    [Theory]
    [InlineData(RegressionPenalty.L1)]
    [InlineData(RegressionPenalty.L2)]
    public void ChooseAndFit_AdditiveUtilities_RanksTheUnits(RegressionPenalty penalty)
    {
        (bool[][] masks, double[] utilities) = Additive(40);
        using var team = new ThreadTeam(1);
        PublishedRegressionOptions options = Options with { Penalty = penalty };

        AdamSetting setting = PublishedRegression.Choose(masks, utilities, pairs: false, options, 1, team);
        double[] beta = PublishedRegression.Fit(masks, utilities, [.. Enumerable.Range(0, 40)], options, setting, 1);

        Assert.True(beta[0] > beta[1] && beta[1] > beta[2], string.Join(", ", beta));
    }

    [Fact]
    public void ChooseAndFit_AnyThreads_SameBits()
    {
        (bool[][] masks, double[] utilities) = Additive(20);
        using ThreadTeam one = new(1), three = new(3);

        AdamSetting setting = PublishedRegression.Choose(masks, utilities, pairs: true, Options, 5, one);

        Assert.Equal(setting, PublishedRegression.Choose(masks, utilities, pairs: true, Options, 5, three));
    }

    // No prediction can rank equal utilities: every tau is 0, the first of the 36 settings wins, and nothing is NaN.
    [Fact]
    public void ChooseAndFit_ConstantUtilities_FirstSettingAndFinite()
    {
        (bool[][] masks, double[] utilities) = Additive(10);
        Array.Fill(utilities, -1e8);
        using var team = new ThreadTeam(1);

        AdamSetting setting = PublishedRegression.Choose(masks, utilities, pairs: false, Options, 1, team);

        Assert.Equal(new AdamSetting(100, 100, 32), setting);
        Assert.All(PublishedRegression.Fit(masks, utilities, [0, 1, 2], Options, setting, 1), b => Assert.True(double.IsFinite(b)));
    }

    private static (bool[][] Masks, double[] Utilities) Additive(int count)
    {
        var random = new SeededRandom(11);
        bool[][] masks = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 3).Select(_ => random.NextDouble() < 0.5).ToArray())];
        return (masks, [.. masks.Select(mask => (mask[0] ? 30.0 : 0) + (mask[1] ? 10 : 0) - 100)]);
    }
}
