using Niwaki.Models;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Tensors;
using Niwaki.Tests.Models;
using Niwaki.Tests.Pruning.Search;

namespace Niwaki.Tests.Pruning.Scores;

public sealed class DepthScoreTests
{
    private static readonly RandomCheckpointSpec Spec = new()
    {
        ModelType = "qwen3",
        AttentionBias = true,
        Blocks = [new BlockShape(4, 2, 12), new BlockShape(4, 2, 12), new BlockShape(4, 2, 12)],
    };

    // Matrices and norms by their names in the checkpoint; biases are left out.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WeightSum_BlocksAndSublayers_SumOverMatricesAndNorms(int power)
    {
        using var fixture = new ContextFixture(Spec);
        PruningContext context = fixture.Context();

        double[] scores = new WeightSumScore(power).Score(context, RemovalScanTests.Units("0 1 2 1a 1m"));

        double attention = Sum(context, 1, power, "input_layernorm", "q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm");
        double mlp = Sum(context, 1, power, "post_attention_layernorm", "gate_proj", "up_proj", "down_proj");
        Assert.Equal(attention, scores[3], 1e-9 * attention);
        Assert.Equal(mlp, scores[4], 1e-9 * mlp);
        Assert.Equal(attention + mlp, scores[1], 1e-9 * scores[1]);
        Assert.Equal(3, scores[..3].Distinct().Count());
    }

    [Fact]
    public void Influence_BlocksAndSublayers_MeanOfOneMinusCosine()
    {
        using var fixture = new ContextFixture(Spec);
        using Transformer model = fixture.Load();
        var seen = new Dictionary<(TapPoint Point, int Block), float[][]>();
        ForwardPass.Losses(model, fixture.Calibration, tap: (point, block, rows) =>
        {
            if (point is TapPoint.BlockInput or TapPoint.BlockOutput)
            {
                seen[(point, block)] = [.. Enumerable.Range(0, rows.Rows).Select(row => rows[row].ToArray())];
            }
        }, cancellationToken: TestContext.Current.CancellationToken);
        PruningContext context = fixture.Context();

        double[] scores = new InfluenceScore().Score(context, RemovalScanTests.Units("0 1 2"));

        for (int block = 0; block < 3; block++)
        {
            double expected = seen[(TapPoint.BlockInput, block)].Zip(seen[(TapPoint.BlockOutput, block)], (a, b) => 1 - Cosine(a, b)).Average();
            Assert.Equal(expected, scores[block], 1e-6);
        }

        Assert.Equal(fixture.Tokens, context.ForwardTokens);

        // A block without MLP is its attention.
        double[] halves = new InfluenceScore().Score(context, RemovalScanTests.Units("1a 1m"));
        Assert.All(halves, half => Assert.InRange(half, 1e-4, 2));
    }

    private static double Sum(PruningContext context, int block, int power, params string[] names)
    {
        double sum = 0;
        foreach (string name in names)
        {
            var tensor = context.Checkpoint.Tensors.Single(t => t.Name.StartsWith($"model.layers.{block}.", StringComparison.Ordinal) && t.Name.EndsWith($"{name}.weight", StringComparison.Ordinal));
            long rows = tensor.Shape.Count == 1 ? 1 : tensor.Shape[0];
            WeightView view = tensor.Shape.Count == 1
                ? context.Checkpoint.Vector(tensor.Name, (int)tensor.Shape[0])
                : context.Checkpoint.Matrix(tensor.Name, (int)rows, (int)tensor.Shape[1]);
            float[] values = new float[view.Columns];
            for (int row = 0; row < view.Rows; row++)
            {
                Niwaki.Kernels.WeightValues.Widen(view, row, values);
                sum += values.Sum(value => Math.Pow(Math.Abs((double)value), power));
            }
        }

        return sum;
    }

    private static double Cosine(float[] a, float[] b)
    {
        double product = a.Zip(b, (x, y) => (double)x * y).Sum();
        return product / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
    }
}
