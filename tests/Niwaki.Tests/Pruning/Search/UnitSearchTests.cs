using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Search;
using Niwaki.Runs;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Search;

public sealed class UnitSearchTests
{
    private static readonly RandomCheckpointSpec Spec = new() { Blocks = [.. Enumerable.Repeat(new BlockShape(4, 2, 12), 6)] };

    [Fact]
    public void Greedy_EveryStep_TakesTheBestOfAll()
    {
        using var fixture = new ContextFixture(Spec);
        using var judge = new RemovalJudge(fixture.Context(), DepthCriterion.Loss);
        Unit[] all = RemovalScanTests.Units("0 1 2 3 4 5");

        UnitSet[] path = [.. new UnitSearch(judge, all).Greedy(units => units.Count == 3)];

        Assert.Equal([1, 2, 3], path.Select(set => set.Units.Count));
        Unit[] before = [];
        foreach (UnitSet set in path)
        {
            double best = all.Except(before).Min(unit => fixture.LossWithout([.. before, unit]));
            Assert.Equal(best, set.Value);
            Assert.Equal(best, fixture.LossWithout([.. set.Units]));
            Assert.Equal(before, set.Units.SkipLast(1));
            before = [.. set.Units];
        }
    }

    [Fact]
    public void Swap_FromTheWorstSet_NoExchangeHelpsAfterwards()
    {
        using var fixture = new ContextFixture(Spec);
        using var judge = new RemovalJudge(fixture.Context(), DepthCriterion.Loss);
        Unit[] all = RemovalScanTests.Units("0 1 2 3 4 5");
        (Unit[] Pair, double Loss)[] pairs = [.. all.SelectMany(a => all.Where(b => b.Block > a.Block).Select(b => (new[] { a, b }, fixture.LossWithout(a, b))))];
        (Unit[] worst, double loss) = pairs.MaxBy(pair => pair.Loss);

        UnitSet found = new UnitSearch(judge, all).Swap(new UnitSet(worst, loss), _ => true);

        Assert.True(found.Value < loss);
        Assert.All(
            pairs.Where(pair => pair.Pair.Intersect(found.Units).Count() == 1),
            pair => Assert.True(pair.Loss >= found.Value));
    }

    [Fact]
    public void Swap_NothingAllowed_StaysWhereItIs()
    {
        using var fixture = new ContextFixture(Spec);
        using var judge = new RemovalJudge(fixture.Context(), DepthCriterion.Loss);
        var start = new UnitSet(RemovalScanTests.Units("0 1"), 100);

        Assert.Same(start, new UnitSearch(judge, RemovalScanTests.Units("0 1 2 3 4 5")).Swap(start, _ => false));
    }

    // A scan over n blocks: (n - 1)(n + 2) / 2 block passes, in whole passes of n blocks rounded up for every candidate. A divergence has the dense model's own pass in front.
    [Theory]
    [InlineData(DepthCriterion.Loss, 0)]
    [InlineData(DepthCriterion.Kl, 60)]
    public void Try_AllBlocks_CostsHalfOfOnePassEach(DepthCriterion criterion, int dense)
    {
        using var fixture = new ContextFixture(Spec, windows: [60]);
        PruningContext context = fixture.Context();
        using var judge = new RemovalJudge(context, criterion);

        judge.Try([], RemovalScanTests.Units("0 1 2 3 4 5"));

        Assert.Equal((5 * 8 / 2 * 60 / 6) + dense, context.ForwardTokens);
    }

    // Of the sets judged before, none runs again; the second judge has no scan to make at all.
    [Fact]
    public void Try_JournalHoldsPart_RunsTheRestWithTheSameBits()
    {
        using var whole = new ContextFixture(Spec);
        using var parts = new ContextFixture(Spec);
        Unit[] all = RemovalScanTests.Units("0 1 2 3 4 5");
        using var judge = new RemovalJudge(whole.Context(), DepthCriterion.Kl);
        double[] expected = judge.Try([], all);
        using (var first = new RemovalJudge(parts.Context(), DepthCriterion.Kl))
        {
            first.Try([], all[..3]);
        }

        PruningContext context = parts.Context();
        using var second = new RemovalJudge(context, DepthCriterion.Kl);
        Assert.Equal(expected, second.Try([], all));
        Assert.Equal(expected, second.Try([], all));
        Assert.Equal(6, context.Log.Count);
    }
}
