using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public class SelectionBuilderTests
{
    // Two blocks: 4 query heads in 2 groups (384 parameters each), 12 neurons (48 each).
    private static readonly ModelConfig Source = RandomCheckpoint.Config(new RandomCheckpointSpec());

    [Fact]
    public void Build_NothingRemoved_KeepsEverything()
    {
        var builder = new SelectionBuilder(Source);

        Assert.Equal(0, builder.RemovedPrunable);
        Assert.Equal(Source.Blocks, builder.Build().Blocks.Select(block => block.Shape));
    }

    [Fact]
    public void Remove_Group_TakesItsQueryHeadsAlong()
    {
        var builder = new SelectionBuilder(Source);

        builder.Remove(new Unit(UnitKind.KeyValueGroup, 1, 0));

        BlockSelection block = builder.Build().Blocks[1];
        Assert.Equal([2, 3], block.Heads);
        Assert.Equal([1], block.KeyValueHeads);
        Assert.Equal(384, builder.RemovedPrunable);
    }

    [Fact]
    public void Remove_Twice_CountsOnce()
    {
        var builder = new SelectionBuilder(Source);
        var neuron = new Unit(UnitKind.Neuron, 0, 5);

        Assert.True(builder.Remove(neuron));
        Assert.False(builder.Remove(neuron));
        Assert.Equal(48, builder.RemovedPrunable);
        Assert.True(builder.Restore(neuron));
        Assert.False(builder.Restore(neuron));
        Assert.Equal(0, builder.RemovedPrunable);
    }

    [Fact]
    public void Restore_SubLayer_LeavesUnitsGoneThatWereRemovedByThemselves()
    {
        var builder = new SelectionBuilder(Source);
        var neuron = new Unit(UnitKind.Neuron, 0, 5);
        builder.Remove(neuron);
        builder.Remove(new Unit(UnitKind.Mlp, 0, 0));
        Assert.Equal(12 * 48, builder.RemovedPrunable);

        builder.Restore(new Unit(UnitKind.Mlp, 0, 0));

        Assert.Equal(48, builder.RemovedPrunable);
        Assert.False(builder.Contains(neuron));
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11], builder.Build().Blocks[0].Neurons);
    }

    [Fact]
    public void Remove_EveryUnitOfASubLayer_RemovesTheSubLayer()
    {
        var builder = new SelectionBuilder(Source);
        foreach (Unit unit in Unit.All(Source, UnitKind.KeyValueGroup).Where(unit => unit.Block == 0))
        {
            builder.Remove(unit);
        }

        Assert.False(builder.Contains(new Unit(UnitKind.Attention, 0, 0)));
        Assert.True(builder.Contains(new Unit(UnitKind.Block, 0, 0)));
        Assert.False(builder.Build().Blocks[0].Shape.HasAttention);
    }

    [Fact]
    public void Remove_BothSubLayers_RemovesTheBlock()
    {
        var builder = new SelectionBuilder(Source);
        builder.Remove(new Unit(UnitKind.Attention, 0, 0));
        builder.Remove(new Unit(UnitKind.Mlp, 0, 0));

        Assert.False(builder.Contains(new Unit(UnitKind.Block, 0, 0)));
        Assert.Equal([1], builder.Build().KeptBlocks);
    }

    [Fact]
    public void RemovedPrunable_AfterAnySequence_IsWhatTheSelectionLacks()
    {
        ModelConfig source = RandomCheckpoint.Config(new RandomCheckpointSpec
        {
            ModelType = "qwen2",
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 7), new BlockShape(6, 2, 0), new BlockShape(3, 3, 5)],
        });
        Unit[] units = [.. Enum.GetValues<UnitKind>().SelectMany(kind => Unit.All(source, kind))];
        var builder = new SelectionBuilder(source);
        var random = new SeededRandom(1);
        for (int step = 0; step < 500; step++)
        {
            Unit unit = units[random.NextInt(units.Length)];
            _ = random.NextInt(2) == 0 ? builder.Remove(unit) : builder.Restore(unit);

            long left = ParameterCounter.Count(source.Select(builder.Build())).Prunable;
            Assert.Equal(ParameterCounter.Count(source).Prunable - left, builder.RemovedPrunable);
        }
    }

    [Fact]
    public void Remove_UnitThatIsNotThere_Throws()
    {
        var builder = new SelectionBuilder(Source);

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => builder.Remove(new Unit(UnitKind.Neuron, 1, 12)));
        Assert.Contains("Neuron 12 of block 1 has index 12, expected one of the 12 that block 1 has.", error.Message, StringComparison.Ordinal);
    }
}
