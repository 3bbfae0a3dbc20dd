using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class GroupAblationTests
{
    // Groups of every sub-layer, one that is a whole sub-layer among them; against models from which the group is cut, its mean in the bias.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Effects_EqualModelsWithoutTheGroup(bool atMean)
    {
        var spec = new RandomCheckpointSpec();
        using var fixture = new ContextFixture(spec, new Recipe { Method = PruningMethod.Niwaki }, windows: [12, 9, 20, 7]);
        PruningContext context = fixture.Context();
        var everything = new SelectionBuilder(context.Config);
        using var round = new WidthRound(context, 1, everything.Build(), null);
        var repair = new BiasRepair(context);
        using var team = new ThreadTeam(1);
        WeightMagnitudes magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, team);
        RoundRecord record = round.Sweep(ImportancePrior.Fluctuation, magnitudes, wantsMeans: true);
        UnitGroup[] groups =
        [
            .. round.SubLayers.Select((units, s) => new UnitGroup(s, units, [0], 1)),
            .. round.SubLayers.Where(units => units.SubLayer == SubLayer.Mlp)
                .Select(units => new UnitGroup(round.SubLayers.ToList().IndexOf(units), units, [1, 5, 2], 1)),
            new UnitGroup(1, round.SubLayers[1], [.. Enumerable.Range(0, round.SubLayers[1].Count)], 1),
        ];
        groups = [.. groups.OrderBy(group => group.Units.Block)];

        using var ablation = new GroupAblation(context, round, fixture.Calibration, atMean ? asked => repair.Contributions(round, record.Means, asked) : null);
        (double First, double Second)[] effects = ablation.Effects(groups, _ => { });

        double[] dense = Losses(context, null, null, fixture.Calibration);
        for (int g = 0; g < groups.Length; g++)
        {
            Unit[] units = [.. groups[g].Members.Select(member => groups[g].Units[member])];
            repair.Note(round, record.Means, [new RemovalStep(units, 1, 0, g, 0)]);
            double[] without = Losses(context, SelectionBuilder.Without(context.Config, units), atMean ? repair.Biases(units) : null, fixture.Calibration);
            double[] expected = [.. without.Zip(dense, (a, b) => a - b)];
            Assert.Equal((expected[0] + expected[2]) / 2, effects[g].First, 5);
            Assert.Equal((expected[1] + expected[3]) / 2, effects[g].Second, 5);
            Assert.NotEqual(0, effects[g].First);
        }
    }

    private static double[] Losses(PruningContext context, ModelSelection? selection, OutputBiases? biases, int[][] windows)
    {
        using Transformer model = context.LoadModel(selection, biases);
        return [.. ForwardPass.Losses(model, windows).Select(window => window.Average(loss => (double)loss))];
    }
}
