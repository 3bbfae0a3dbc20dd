using Niwaki.Models;
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
}
