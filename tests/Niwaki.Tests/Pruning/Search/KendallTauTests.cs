using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class KendallTauTests
{
    // Of the three pairs of 1, 2, 3 against 1, 3, 2 two agree and one does not: (2 − 1) / 3.
    [Fact]
    public void Of_OneSwap_IsOneThird() => Assert.Equal(1.0 / 3, KendallTau.Of([1, 2, 3], [1, 3, 2]), 12);

    // One pair of x is tied: two pairs left there, three in y, both concordant: 2 / √(2 · 3).
    [Fact]
    public void Of_Tie_IsTauB() => Assert.Equal(2 / Math.Sqrt(6), KendallTau.Of([1, 1, 2], [1, 2, 3]), 12);

    [Theory]
    [InlineData(new double[0], new double[0])]
    [InlineData(new double[] { 5, 5, 5 }, new double[] { 1, 2, 3 })]
    public void Of_NothingRanked_IsZero(double[] x, double[] y) => Assert.Equal(0, KendallTau.Of(x, y));

    [Fact]
    public void Of_OtherLength_Throws() => Assert.Throws<ArgumentException>(() => KendallTau.Of([1], [1, 2]));
}
