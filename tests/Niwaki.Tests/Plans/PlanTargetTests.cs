using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public class PlanTargetTests
{
    // Two blocks: 4 query heads in 2 groups (384 parameters each), 12 neurons (48 each); 2,688 prunable in all.
    private static readonly ModelConfig Source = RandomCheckpoint.Config(new RandomCheckpointSpec());

    // One block 10 wide: one head of 2 channels 4·2·10 = 80, 4 neurons 3·4·10 = 120: 200 prunable. 0.07 · 200 is 14.000000000000002 in float64.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.07, 14)]
    [InlineData(0.071, 15)]
    [InlineData(1.0 / 3, 67)]
    [InlineData(1, 200)]
    public void PrunableToRemove_Share_RoundsUpWithoutRoundingError(double sparsity, long expected)
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec { HiddenSize = 10, HeadDim = 2, Blocks = [new BlockShape(1, 1, 4)] });

        Assert.Equal(expected, PlanTarget.PrunableToRemove(config, sparsity));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void PrunableToRemove_NoShare_Throws(double sparsity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PlanTarget.PrunableToRemove(Source, sparsity));

    [Fact]
    public void PrunableToRemove_PerCent_AsksForTheFraction() =>
        Assert.Contains(
            "Did you mean 0.5?",
            Assert.Throws<ArgumentOutOfRangeException>(() => PlanTarget.PrunableToRemove(Source, 50)).Message,
            StringComparison.Ordinal);

    // Target 400. Neuron, neuron, group: 48 + 48 + 384 = 480. Without the group 96: needed. Without the second neuron 432: restored.
    // Without the first neuron then 384: needed.
    [Fact]
    public void Reach_LastUnitOvershoots_RestoresTheMostImportantThatIsNotNeeded()
    {
        var builder = new SelectionBuilder(Source);
        Unit[] ranked =
        [
            new(UnitKind.Neuron, 0, 3), new(UnitKind.Neuron, 1, 4), new(UnitKind.KeyValueGroup, 0, 1), new(UnitKind.Neuron, 0, 0),
        ];

        IReadOnlyList<Unit> removed = PlanTarget.Reach(builder, ranked, 400 / 2688.0);

        Assert.Equal([ranked[0], ranked[2]], removed);
        Assert.Equal(432, builder.RemovedPrunable);
        Assert.True(builder.Contains(ranked[1]));
        Assert.False(builder.Contains(ranked[2]));
    }

    [Fact]
    public void Reach_AnyRanking_NoRemovedUnitCanBeRestored()
    {
        ModelConfig source = RandomCheckpoint.Config(new RandomCheckpointSpec
        {
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 7), new BlockShape(6, 2, 0), new BlockShape(3, 3, 5)],
        });
        var random = new SeededRandom(2);
        for (int round = 0; round < 200; round++)
        {
            // Kinds that overlap are in the ranking too: a block and its own neurons.
            Unit[] ranked = [.. Enum.GetValues<UnitKind>().SelectMany(kind => Unit.All(source, kind))];
            random.Shuffle<Unit>(ranked);
            double sparsity = random.NextDouble();
            long target = PlanTarget.PrunableToRemove(source, sparsity);
            var builder = new SelectionBuilder(source);

            IReadOnlyList<Unit> removed = PlanTarget.Reach(builder, ranked, sparsity);

            Assert.True(builder.RemovedPrunable >= target);
            foreach (Unit unit in removed)
            {
                builder.Restore(unit);
                Assert.True(builder.RemovedPrunable < target, $"{unit} could stay in round {round}.");
                builder.Remove(unit);
            }
        }
    }

    [Fact]
    public void Reach_SecondRound_CountsWhatIsGoneAndLeavesItGone()
    {
        var builder = new SelectionBuilder(Source);
        var first = new Unit(UnitKind.KeyValueGroup, 0, 0);
        builder.Remove(first);

        IReadOnlyList<Unit> removed = PlanTarget.Reach(builder, Unit.All(Source, UnitKind.Neuron), 400 / 2688.0);

        // 384 are gone, 16 are missing: one neuron.
        Assert.Equal([new Unit(UnitKind.Neuron, 0, 0)], removed);
        Assert.False(builder.Contains(first));
    }

    [Fact]
    public void Reach_ZeroSparsity_RemovesNothing() =>
        Assert.Empty(PlanTarget.Reach(new SelectionBuilder(Source), Unit.All(Source, UnitKind.Neuron), 0));

    [Fact]
    public void Reach_TooFewUnits_ThrowsAndLeavesTheBuilderAlone()
    {
        var builder = new SelectionBuilder(Source);

        // All neurons: 24·48 = 1,152 of the 1,344 wanted.
        var error = Assert.Throws<ArgumentException>(() => PlanTarget.Reach(builder, Unit.All(Source, UnitKind.Neuron), 0.5));

        Assert.Contains("1,152", error.Message, StringComparison.Ordinal);
        Assert.Contains("1,344", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, builder.RemovedPrunable);
    }

    [Fact]
    public void Reach_UnknownUnit_ThrowsAndLeavesTheBuilderAlone()
    {
        var builder = new SelectionBuilder(Source);

        Assert.Throws<ArgumentOutOfRangeException>(
            () => PlanTarget.Reach(builder, [new Unit(UnitKind.Neuron, 0, 0), new Unit(UnitKind.Neuron, 7, 0)], 0.5));
        Assert.Equal(0, builder.RemovedPrunable);
    }
}
