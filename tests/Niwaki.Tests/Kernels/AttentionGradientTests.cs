using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class AttentionGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(1, 1, 1, 1, null)]
    [InlineData(3, 2, 1, 5, null)]
    [InlineData(9, 4, 2, 7, null)]
    [InlineData(9, 4, 2, 7, 1)]
    [InlineData(40, 3, 3, 33, 12)]
    [InlineData(131, 6, 2, 8, null)]
    [InlineData(230, 2, 1, 12, 50)]
    [InlineData(230, 2, 1, 12, 101)]
    public void Gradient_AnyShape_EqualsCentralDifferences(int tokens, int heads, int keyHeads, int headDim, int? window)
    {
        var shape = new AttentionShape(heads, keyHeads, headDim, 1 / MathF.Sqrt(headDim), window);
        using var problem = new GradientProblem(shape, tokens, 1);
        Attention.Apply(_team, shape, [problem.Forward]);
        Attention.Gradient(_team, shape, [problem.Backward]);
        problem.AssertGuardsIntact();
        var twin = new AttentionTwin(shape, tokens, problem);
        CentralDifference.Assert(twin.Loss, twin.Query, problem.QueryGradient, "dQ", 40);
        CentralDifference.Assert(twin.Loss, twin.Key, problem.KeyGradient, "dK", 40);
        CentralDifference.Assert(twin.Loss, twin.Value, problem.ValueGradient, "dV", 40);
    }

    [Fact]
    public void Gradient_EveryVectorPath_SameNumbers()
    {
        var shape = new AttentionShape(4, 2, 20, 0.3f, 70);
        using var problem = new GradientProblem(shape, 150, 2);
        Attention.Apply(_team, shape, [problem.Forward]);
        Attention.Gradient(_team, shape, [problem.Backward]);
        float[] expected = [.. problem.QueryGradient, .. problem.KeyGradient, .. problem.ValueGradient];
        foreach (KernelPath path in MatMulReference.AllPaths)
        {
            AttentionGradient.Run(_team, shape, [problem.Backward], path);
            problem.AssertGuardsIntact();
            Close.Assert(expected, [.. problem.QueryGradient, .. problem.KeyGradient, .. problem.ValueGradient], 2e-5, 1e-4);
        }
    }

    [Fact]
    public void Gradient_OtherSequencesAndThreads_SameBits()
    {
        var shape = new AttentionShape(4, 2, 16, 0.25f);
        using var problem = new GradientProblem(shape, 77, 3);
        using var other = new GradientProblem(shape, 20, 4);
        using var empty = new GradientProblem(shape, 0, 5);
        Attention.Apply(_team, shape, [problem.Forward, other.Forward]);
        Attention.Gradient(_team, shape, [problem.Backward]);
        float[] expected = [.. problem.QueryGradient, .. problem.KeyGradient, .. problem.ValueGradient];
        using var team = new ThreadTeam(5);
        Attention.Gradient(team, shape, [other.Backward, empty.Backward, problem.Backward]);
        MatMulReference.AssertSameBits(expected, [.. problem.QueryGradient, .. problem.KeyGradient, .. problem.ValueGradient], "gradients");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public void Apply_LogSumExpWanted_IsThatOfTheScores(int tokens)
    {
        // Both paths: few queries go along the rows, many through panels.
        var shape = new AttentionShape(2, 1, 6, 0.4f, 20);
        using var problem = new GradientProblem(shape, tokens, 6);
        Attention.Apply(_team, shape, [problem.Forward]);
        var twin = new AttentionTwin(shape, tokens, problem);
        for (int t = 0; t < tokens; t++)
        {
            for (int head = 0; head < 2; head++)
            {
                Assert.Equal(twin.LogSumExp(t, head), problem.Forward.LogSumExp[t][head], 1e-5);
            }
        }
    }

    [Fact]
    public void Gradient_WrongShapesOrOverlap_Throw()
    {
        var shape = new AttentionShape(2, 1, 4, 0.5f);
        using var problem = new GradientProblem(shape, 5, 7);
        AttentionGradientSequence good = problem.Backward;
        Assert.Throws<ShapeMismatchException>(() => Attention.Gradient(_team, shape, [good with { Key = good.Query }]));
        Assert.Throws<ShapeMismatchException>(() => Attention.Gradient(_team, shape, [good with { LogSumExp = good.Query }]));
        Assert.Throws<ShapeMismatchException>(() => Attention.Gradient(_team, shape, [good with { ValueGradient = good.QueryGradient }]));
        Assert.Throws<ArgumentException>(() => Attention.Gradient(_team, shape, [good with { QueryGradient = good.Query }]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attention.Gradient(_team, shape with { HeadDim = 0 }, [good]));
    }

    /// <summary>Random inputs of one sequence with room for everything that is computed.</summary>
    internal sealed class GradientProblem : IDisposable
    {
        private readonly GuardedMatrix _query, _key, _value, _output, _logSumExp, _outputGradient, _queryGradient, _keyGradient, _valueGradient;

        public GradientProblem(AttentionShape shape, int tokens, long seed)
        {
            int width = shape.Heads * shape.HeadDim;
            int keyWidth = shape.KeyValueHeads * shape.HeadDim;
            _query = GuardedMatrix.Normal(tokens, width, seed, scale: 1.5);
            _key = GuardedMatrix.Normal(tokens, keyWidth, seed + 100);
            _value = GuardedMatrix.Normal(tokens, keyWidth, seed + 200);
            _outputGradient = GuardedMatrix.Normal(tokens, width, seed + 300);
            _output = new GuardedMatrix(tokens, width);
            _logSumExp = new GuardedMatrix(tokens, shape.Heads);
            _queryGradient = new GuardedMatrix(tokens, width);
            _keyGradient = new GuardedMatrix(tokens, keyWidth);
            _valueGradient = new GuardedMatrix(tokens, keyWidth);
        }

        public AttentionSequence Forward =>
            new() { Query = _query.View, Key = _key.View, Value = _value.View, Output = _output.View, LogSumExp = _logSumExp.View };

        public AttentionGradientSequence Backward => new()
        {
            Query = _query.View,
            Key = _key.View,
            Value = _value.View,
            Output = _output.View,
            LogSumExp = _logSumExp.View,
            OutputGradient = _outputGradient.View,
            QueryGradient = _queryGradient.View,
            KeyGradient = _keyGradient.View,
            ValueGradient = _valueGradient.View,
        };

        public float[] QueryGradient => _queryGradient.ToArray();

        public float[] KeyGradient => _keyGradient.ToArray();

        public float[] ValueGradient => _valueGradient.ToArray();

        public double[][] Inputs =>
            [CentralDifference.Widen(_query), CentralDifference.Widen(_key), CentralDifference.Widen(_value), CentralDifference.Widen(_outputGradient)];

        public void AssertGuardsIntact()
        {
            _logSumExp.AssertGuardsIntact();
            _queryGradient.AssertGuardsIntact();
            _keyGradient.AssertGuardsIntact();
            _valueGradient.AssertGuardsIntact();
        }

        public void Dispose()
        {
            foreach (GuardedMatrix matrix in new[] { _query, _key, _value, _output, _logSumExp, _outputGradient, _queryGradient, _keyGradient, _valueGradient })
            {
                matrix.Dispose();
            }
        }
    }

    /// <summary>The operation in float64, row by row.</summary>
    internal sealed class AttentionTwin(AttentionShape shape, int tokens, GradientProblem problem)
    {
        private readonly double[] _direction = problem.Inputs[3];

        public double[] Query { get; } = problem.Inputs[0];

        public double[] Key { get; } = problem.Inputs[1];

        public double[] Value { get; } = problem.Inputs[2];

        public double LogSumExp(int token, int head)
        {
            double[] scores = Scores(token, head);
            return Math.Log(scores.Sum(Math.Exp));
        }

        /// <summary>Σ over all outputs of output · direction.</summary>
        public double Loss()
        {
            double sum = 0;
            int d = shape.HeadDim;
            for (int t = 0; t < tokens; t++)
            {
                for (int head = 0; head < shape.Heads; head++)
                {
                    double[] scores = Scores(t, head);
                    double total = scores.Sum(Math.Exp);
                    int first = t + 1 - scores.Length;
                    for (int j = 0; j < scores.Length; j++)
                    {
                        double weight = Math.Exp(scores[j]) / total;
                        for (int i = 0; i < d; i++)
                        {
                            sum += weight * Value[((((first + j) * shape.KeyValueHeads) + KeyHead(head)) * d) + i] * _direction[(((t * shape.Heads) + head) * d) + i];
                        }
                    }
                }
            }

            return sum;
        }

        private int KeyHead(int head) => head / (shape.Heads / shape.KeyValueHeads);

        private double[] Scores(int token, int head)
        {
            int d = shape.HeadDim;
            int seen = Math.Min(token + 1, shape.SlidingWindow ?? int.MaxValue);
            double[] scores = new double[seen];
            for (int j = 0; j < seen; j++)
            {
                int key = token + 1 - seen + j;
                for (int i = 0; i < d; i++)
                {
                    scores[j] += shape.Scale * Query[(((token * shape.Heads) + head) * d) + i] * Key[(((key * shape.KeyValueHeads) + KeyHead(head)) * d) + i];
                }
            }

            return scores;
        }
    }
}
