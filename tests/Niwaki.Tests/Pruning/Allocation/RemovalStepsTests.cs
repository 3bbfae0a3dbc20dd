using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;

namespace Niwaki.Tests.Pruning.Allocation;

public sealed class RemovalStepsTests
{
    private static readonly SubLayerUnits Neurons = new(0, SubLayer.Mlp, 10, 7);

    [Fact]
    public void Cut_MultipleOne_OneStepPerUnitInTheGivenOrder()
    {
        RemovalStep[] steps = [.. RemovalSteps.Cut(Neurons, [4, 2], [0.1, 0.2], new UnitCounts(1), 3)];
        Assert.Equal([4, 2], steps.Select(step => step.Units.Single().Index));
        Assert.Equal([0.1, 0.2], steps.Select(step => step.Score));
        Assert.All(steps, step => Assert.Equal(7, step.Parameters));
        Assert.All(steps, step => Assert.Equal(3, step.Group));
    }

    [Fact]
    public void Cut_WidthNoMultiple_FirstStepTakesTheRemainder()
    {
        // 10 neurons, multiples of 4: 2 go first (8 stay), then 4; the last of 7 ranked fills no step.
        RemovalStep[] steps = [.. RemovalSteps.Cut(Neurons, [0, 1, 2, 3, 4, 5, 6], [1, 3, 5, 5, 5, 5, 9], new UnitCounts(4), 0)];
        Assert.Equal([2, 4], steps.Select(step => step.Units.Count));
        Assert.Equal([2.0, 5.0], steps.Select(step => step.Score));
        Assert.Equal([14L, 28L], steps.Select(step => step.Parameters));
    }

    [Fact]
    public void Within_Budget_StopsBeforeTheStepThatBreaksIt()
    {
        RemovalStep[] ordered = [Step(5, 0), Step(5, 1), Step(5, 2)];
        Assert.Equal(2, RemovalSteps.Within(ordered, 14).Count);
        Assert.Empty(RemovalSteps.Within(ordered, 4));
    }

    [Fact]
    public void Reach_BigLastStep_GivesSmallOnesBack()
    {
        // 3 + 3 + 10 reaches 12 with 16; the second 3 can come back (13), then the first cannot (10).
        RemovalStep[] ordered = [Step(3, 0), Step(3, 1), Step(10, 2)];
        Assert.Equal([0, 2], RemovalSteps.Reach(ordered, 12).Select(step => step.Group));
    }

    [Fact]
    public void Reach_LaterStepOfTheGroupStays_EarlierOneStaysToo()
    {
        // Group 0 goes in two steps of 3 and 9; giving the first back alone would break its multiple.
        RemovalStep[] ordered = [Step(3, 0, 0), Step(9, 0, 1)];
        Assert.Equal(2, RemovalSteps.Reach(ordered, 8).Count);
    }

    [Fact]
    public void Needed_StepsOfEarlierRounds_ComeBackAfterABigLastOne()
    {
        // 4 + 4 + 10 = 18 for 12: the last 4 comes back (14), then neither the first 4 (10) nor the 10 can.
        RemovalStep[] removed = [Step(4, 0), Step(4, 1), Step(10, 2)];
        Assert.Equal([0, 2], RemovalSteps.Needed(removed, 12).Select(step => step.Group));
        Assert.Equal(3, RemovalSteps.Needed(removed, 100).Count);
    }

    [Fact]
    public void Reach_ManyRandomCases_NoRemovedStepCouldStay()
    {
        var random = new SeededRandom(11);
        for (int round = 0; round < 200; round++)
        {
            RemovalStep[] ordered = [.. Enumerable.Range(0, 20).Select(i => Step(1 + random.NextInt(50), i))];
            long target = 1 + random.NextInt((int)ordered.Sum(step => step.Parameters));
            IReadOnlyList<RemovalStep> chosen = RemovalSteps.Reach(ordered, target);
            long removed = chosen.Sum(step => step.Parameters);
            Assert.True(removed >= target);
            Assert.All(chosen, step => Assert.True(removed - step.Parameters < target));
        }
    }

    [Fact]
    public void Reach_TooLittleThere_TakesAll() => Assert.Equal(2, RemovalSteps.Reach([Step(1, 0), Step(1, 1)], 5).Count);

    [Fact]
    public void Order_EqualScores_TakesTheFirstOfEveryGroupFirst()
    {
        RemovalStep[] steps = [Step(1, 0, 0), Step(1, 0, 1), Step(1, 1, 0)];
        Assert.Equal([(0, 0), (1, 0), (0, 1)], RemovalSteps.Order(steps).Select(step => (step.Group, step.Order)));
    }

    private static RemovalStep Step(long parameters, int group, int order = 0) =>
        new([new Unit(UnitKind.Neuron, group, order)], parameters, 0, group, order);
}
