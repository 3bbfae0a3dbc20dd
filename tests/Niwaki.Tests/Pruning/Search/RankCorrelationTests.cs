using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class RankCorrelationTests
{
    // Ranks 0, 1, 2 against 0, 2, 1: 1 − 6 · (0 + 1 + 1) / (3 · 8) = 0.5.
    [Fact]
    public void Of_OneSwap_IsOneHalf() => Assert.Equal(0.5, RankCorrelation.Of([1, 5, 9], [10, 30, 20]), 12);

    // Ranks ½, ½, 2 and 0, 1, 2, from their mean 1: products ½ + 0 + 1, squares 1½ and 2.
    [Fact]
    public void Of_Tie_SharesTheMeanRank() => Assert.Equal(1.5 / Math.Sqrt(3), RankCorrelation.Of([4, 4, 7], [1, 2, 3]), 12);

    [Fact]
    public void Of_Constant_IsZero() => Assert.Equal(0, RankCorrelation.Of([1, 1], [1, 2]));
}
