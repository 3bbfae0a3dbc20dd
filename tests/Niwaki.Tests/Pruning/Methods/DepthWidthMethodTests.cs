using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Runs;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class DepthWidthMethodTests
{
    private static readonly RandomCheckpointSpec Spec = new() { Blocks = [.. Enumerable.Repeat(new BlockShape(4, 4, 24), 5)] };

    [Theory]
    [InlineData(0.15, DepthUnit.Block)]
    [InlineData(0.3, DepthUnit.Sublayer)]
    [InlineData(0.5, DepthUnit.Block)]
    public void Decide_AnySparsity_ReachesItWithTheBestSplitOfTheTable(double sparsity, DepthUnit units)
    {
        using var fixture = new ContextFixture(Spec, MakeRecipe(sparsity, new DepthOptions { Units = units }));
        PruningContext context = fixture.Context();

        ModelSelection selection = new DepthWidthMethod().Decide(context);

        long prunable = ParameterCounter.Count(fixture.Config).Prunable;
        long removed = prunable - ParameterCounter.Count(fixture.Config.Select(selection)).Prunable;
        long target = PlanTarget.PrunableToRemove(fixture.Config, sparsity);

        // The smallest plan: no unit of width (a group of 256, a neuron of 48) more than needed, unless depth alone overshoots by less than a block.
        Assert.InRange(removed, target, target + (prunable / 5));
        string[][] table = [.. context.Files["depth_width.csv"].TrimEnd().Split('\n')[1..].Select(line => line.Split(','))];
        Assert.Equal("0", table[0][0]);
        string[] best = table.MinBy(row => double.Parse(row[2], System.Globalization.CultureInfo.InvariantCulture))!;
        foreach (string name in best[3].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(Niwaki.Pruning.Search.DepthUnits.TryParse(name, out Unit unit));
            BlockShape left = selection.Blocks[unit.Block].Shape;
            Assert.True(unit.Kind == UnitKind.Attention ? !left.HasAttention : !left.HasMlp);
            Assert.True(unit.Kind != UnitKind.Block || !left.HasAttention);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decide_NumberOfBlocksGiven_RemovesThatManyAndFillsUpWithWidth(int blocks)
    {
        using var fixture = new ContextFixture(Spec, MakeRecipe(0.5, new DepthOptions { Blocks = blocks }));

        ModelSelection selection = new DepthWidthMethod().Decide(fixture.Context());

        Assert.Equal(5 - blocks, selection.KeptBlocks.Count);
        double left = (double)ParameterCounter.Count(fixture.Config.Select(selection)).Prunable / ParameterCounter.Count(fixture.Config).Prunable;
        Assert.InRange(left, 0.5 - 0.03, 0.5);
    }

    // All groups together hold 0.47 of the parameters, those of what a block leaves and the block 0.58.
    [Fact]
    public void Decide_WidthUnitsThatHoldTooLittle_JudgesTheSplitsThatReachTheTarget()
    {
        using var fixture = new ContextFixture(Spec, MakeRecipe(0.5, new DepthOptions()) with { WidthUnits = WidthUnits.Groups });
        PruningContext context = fixture.Context();

        ModelSelection selection = new DepthWidthMethod().Decide(context);

        string[] units = [.. context.Files["depth_width.csv"].TrimEnd().Split('\n')[1..].Select(line => line.Split(',')[0])];
        Assert.Equal("1", units[0]);
        Assert.InRange((double)ParameterCounter.Count(fixture.Config.Select(selection)).Prunable / ParameterCounter.Count(fixture.Config).Prunable, 0.3, 0.5);
    }

    // From the journal alone: neither splits nor rounds run again.
    [Fact]
    public void Decide_Twice_SamePlanWithoutNewEvaluations()
    {
        using var fixture = new ContextFixture(Spec, MakeRecipe(0.3, new DepthOptions()));
        ModelSelection first = new DepthWidthMethod().Decide(fixture.Context());
        PruningContext again = fixture.Context();

        ModelSelection second = new DepthWidthMethod().Decide(again);

        Assert.Equal(first.Blocks.Select(block => string.Join(' ', block.Heads) + "/" + string.Join(' ', block.Neurons)), second.Blocks.Select(block => string.Join(' ', block.Heads) + "/" + string.Join(' ', block.Neurons)));
        Assert.Equal(again.Log.Recorded, again.Log.Count);
    }

    private static Recipe MakeRecipe(double sparsity, DepthOptions depth) => new()
    {
        Method = PruningMethod.DepthWidth,
        Sparsity = sparsity,
        Depth = depth,
        Bonsai = new BonsaiOptions { MasksPerRound = 4, PruneFraction = 0.1 },
    };
}
