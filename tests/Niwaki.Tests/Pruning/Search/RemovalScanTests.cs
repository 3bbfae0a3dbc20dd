using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Search;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Search;

public sealed class RemovalScanTests
{
    /// <summary>Blocks of different sizes, one without attention, one without MLP.</summary>
    private static readonly RandomCheckpointSpec Spec = new()
    {
        Blocks = [new BlockShape(4, 2, 12), new BlockShape(0, 0, 20), new BlockShape(2, 1, 8), new BlockShape(4, 4, 0), new BlockShape(4, 2, 12)],
    };

    public static TheoryData<string, string> Cases => new()
    {
        { "", "0 1 2 3 4" },
        { "", "0a 0m 1m 2a 2m 3a 4a 4m" },
        { "2", "0 1 3 4" },
        { "0 4", "1 2 3" },
        { "1m 2a", "0a 0m 2m 3a 4a 4m" },
        { "", "3" },
        { "", "1 4" },
        { "0 1 2 3", "4" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Try_AnyUnits_SameBitsAsCuttingThemOut(string removed, string candidates)
    {
        using var fixture = new ContextFixture(Spec);
        using Transformer model = fixture.Load();

        AssertSameAsCut(fixture, model, Units(removed), Units(candidates));
    }

    // Room for little more than one context: the windows are cut into sets, and every group holds one branch.
    [Fact]
    public void Try_SmallMemory_SameBits()
    {
        using var fixture = new ContextFixture(Spec, memoryBytes: 60_000, windows: [.. Enumerable.Repeat(100, 12)]);
        using Transformer model = fixture.Load();
        Assert.True(ForwardPass.Cut(model, fixture.Calibration).Count() > 1);

        AssertSameAsCut(fixture, model, Units("1"), Units("0 2 3 4"));
    }

    [Fact]
    public void Try_TwoThreads_SameBits()
    {
        using var one = new ContextFixture(Spec);
        using var two = new ContextFixture(Spec, threads: 2);
        using Transformer modelOne = one.Load(), modelTwo = two.Load();

        Assert.Equal(
            new RemovalScan(modelOne, one.Calibration, new LossObjective(modelOne)).Try([], Units("0 1 2 3 4"), TestContext.Current.CancellationToken).Select(outcome => outcome.Value),
            new RemovalScan(modelTwo, two.Calibration, new LossObjective(modelTwo)).Try([], Units("0 1 2 3 4"), TestContext.Current.CancellationToken).Select(outcome => outcome.Value));
    }

    // KL of every token against the dense model, from logits in float64.
    [Theory]
    [InlineData("", "0 1 2 3 4")]
    [InlineData("1m", "0a 2m 4a")]
    public void Try_Divergence_AsFromLogits(string removed, string candidates)
    {
        using var fixture = new ContextFixture(Spec);
        using Transformer model = fixture.Load();
        using var objective = new DivergenceObjective(model, fixture.Calibration);
        double[][] dense = LogProbabilities(model, fixture.Calibration);
        Unit[] gone = Units(removed);

        foreach (RemovalOutcome outcome in new RemovalScan(model, fixture.Calibration, objective).Try(gone, Units(candidates), TestContext.Current.CancellationToken))
        {
            using Transformer cut = fixture.Load(Niwaki.Plans.SelectionBuilder.Without(fixture.Config, [.. gone, outcome.Unit]));
            double[][] found = LogProbabilities(cut, fixture.Calibration);
            double expected = dense.Zip(found, (p, q) => p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum()).Average();
            Assert.Equal(expected, outcome.Value, 1e-5 * Math.Max(1, expected));
            Assert.True(expected > 1e-4);
        }
    }

    [Fact]
    public void Try_Cancelled_Stops()
    {
        using var fixture = new ContextFixture(Spec, memoryBytes: 60_000, windows: [.. Enumerable.Repeat(100, 12)]);
        using Transformer model = fixture.Load();
        using var cancellation = new CancellationTokenSource();
        var scan = new RemovalScan(model, fixture.Calibration, new LossObjective(model));
        int done = 0;

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (RemovalOutcome _ in scan.Try([], Units("0 1 2"), cancellation.Token))
            {
                done++;
                cancellation.Cancel();
            }
        });
        Assert.Equal(1, done);
    }

    internal static Unit[] Units(string names) =>
        [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => DepthUnits.TryParse(name, out Unit unit) ? unit : throw new FormatException(name))];

    private static void AssertSameAsCut(ContextFixture fixture, Transformer model, Unit[] removed, Unit[] candidates)
    {
        RemovalOutcome[] outcomes =
            [.. new RemovalScan(model, fixture.Calibration, new LossObjective(model)).Try(removed, candidates, TestContext.Current.CancellationToken)];
        Assert.Equal(candidates, outcomes.Select(outcome => outcome.Unit));
        Assert.All(outcomes, outcome => Assert.Equal(fixture.LossWithout([.. removed, outcome.Unit]), outcome.Value));
    }

    private static double[][] LogProbabilities(Transformer model, int[][] windows)
    {
        using ResidualStream stream = model.Embed(windows);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count);
        using var buffer = new Niwaki.Tensors.NativeBuffer<float>((long)stream.Tokens * model.Config.VocabularySize);
        var logits = new Niwaki.Tensors.TensorView<float>(buffer, stream.Tokens, model.Config.VocabularySize);
        model.Logits(stream, [.. Enumerable.Range(0, stream.Tokens)], logits);
        return [.. Enumerable.Range(0, stream.Tokens).Select(row =>
        {
            double[] values = [.. logits[row].ToArray().Select(value => (double)value)];
            double logSum = Math.Log(values.Sum(Math.Exp));
            return values.Select(value => value - logSum).ToArray();
        })];
    }
}
