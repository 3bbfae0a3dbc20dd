using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class LossAccumulatorTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Finish_ThreeLogits_KnownLosses()
    {
        // Hidden 1 and 2 with the head rows ln 1, ln 2, ln 5 (one input): logits (0, ln 2, ln 5), sum 8; the losses of ids 1 and 2 are ln(8/2), ln(8/5).
        // With hidden 2 the weights are 1, 4, 25, sum 30: the loss of id 0 is ln 30.
        using GuardedMatrix hidden = GuardedMatrix.From([1], [1], [2], [1]);
        using PackedWeights head = Pack([[0], [MathF.Log(2)], [MathF.Log(5)]]);
        float[] losses = Losses(hidden, [1, 2, 0, -1], (head, 0));
        Close.Assert([MathF.Log(4), MathF.Log(1.6f), MathF.Log(30), 0], losses, 0, 3e-7);
    }

    [Theory]
    [InlineData(1, 8, 1)]
    [InlineData(3, 33, 31)]
    [InlineData(7, 64, 512)]
    [InlineData(100, 48, 513)]
    [InlineData(97, 400, 1500)]
    public void Finish_RandomHead_EqualsFloat64(int tokens, int width, int vocabulary)
    {
        using var hidden = GuardedMatrix.Normal(tokens, width, 1);
        using var weights = GuardedMatrix.Normal(vocabulary, width, 2, scale: 2 / Math.Sqrt(width));
        int[] targets = Targets(tokens, vocabulary);
        using PackedWeights head = Pack(Rows(weights));
        float[] losses = Losses(hidden, targets, (head, 0));
        for (int token = 0; token < tokens; token++)
        {
            double expected = ExactLoss(hidden.View[token], weights.View, targets[token]);
            Assert.Equal(expected, losses[token], Math.Max(1e-6 * expected, 1e-6)); // the logits themselves are float32
        }
    }

    [Fact]
    public void Finish_LogitsOfMatMul_EqualsTheirFloat64Loss()
    {
        // The same float32 logits, so that only the reduction is compared: 1e-6 relative, also of small losses.
        using var hidden = GuardedMatrix.Normal(60, 32, 3);
        using var weights = GuardedMatrix.Normal(1200, 32, 4, scale: 3);
        using PackedWeights head = Pack(Rows(weights));
        using var logits = new GuardedMatrix(60, 1200);
        MatMul.Apply(_team, hidden.View, head, logits.View);
        int[] targets = [.. Enumerable.Range(0, 60).Select(t => t % 2 == 0 ? LargestIndex(logits.View[t]) : t)];
        float[] losses = Losses(hidden, targets, (head, 0));
        for (int token = 0; token < 60; token++)
        {
            double expected = LossOfLogits(logits.View[token], targets[token]);
            Assert.Equal(expected, losses[token], 1e-6 * expected);
        }

        Assert.Contains(losses, loss => loss < 0.01); // some tokens are nearly certain
    }

    [Fact]
    public void Accumulate_MoreTokensThanOnePass_EqualsFloat64()
    {
        // A pass takes 4,092 tokens, those of 4,096 in whole tiles of six rows: 5,000 are two passes.
        const int Tokens = 5000, Width = 2, Vocabulary = 7;
        using var hidden = GuardedMatrix.Normal(Tokens, Width, 19);
        using var weights = GuardedMatrix.Normal(Vocabulary, Width, 20);
        int[] targets = Targets(Tokens, Vocabulary);
        using PackedWeights head = Pack(Rows(weights));
        float[] losses = Losses(hidden, targets, (head, 0));
        for (int token = 0; token < Tokens; token++)
        {
            Assert.Equal(ExactLoss(hidden.View[token], weights.View, targets[token]), losses[token], 1e-5);
        }
    }

    [Fact]
    public void Accumulate_HeadInPieces_SameLosses()
    {
        using var hidden = GuardedMatrix.Normal(50, 24, 5);
        using var weights = GuardedMatrix.Normal(1800, 24, 6);
        float[][] rows = Rows(weights);
        int[] targets = Targets(50, 1800);
        using PackedWeights whole = Pack(rows);
        using PackedWeights first = Pack(rows[..700]);
        using PackedWeights second = Pack(rows[700..]);
        float[] expected = Losses(hidden, targets, (whole, 0));
        Close.Assert(expected, Losses(hidden, targets, (first, 0), (second, 700)), 0, 1e-6);
    }

    [Fact]
    public void Finish_AnyTeamAndAnyBatch_SameBits()
    {
        using var hidden = GuardedMatrix.Normal(150, 24, 7);
        using var weights = GuardedMatrix.Normal(1100, 24, 8);
        int[] targets = Targets(150, 1100);
        using PackedWeights head = Pack(Rows(weights));
        float[] expected = Losses(hidden, targets, (head, 0));
        using var triple = new ThreadTeam(3);
        using var all = new LossAccumulator(150);
        float[] losses = new float[150];
        all.Accumulate(triple, hidden.View, head, 0, targets);
        all.Finish(losses);
        Assert.Equal(expected, losses);
        using var some = new LossAccumulator(13);
        some.Accumulate(triple, hidden.View.SliceRows(100, 13), head, 0, targets.AsSpan(100, 13));
        some.Finish(losses.AsSpan(0, 13));
        Assert.Equal(expected[100..113], losses[..13]);
    }

    [Fact]
    public void Finish_CalledTwice_AccumulatorIsReady()
    {
        using var hidden = GuardedMatrix.Normal(5, 8, 9);
        using var weights = GuardedMatrix.Normal(40, 8, 10);
        using PackedWeights head = Pack(Rows(weights));
        using var accumulator = new LossAccumulator(5);
        float[] first = new float[5];
        float[] second = new float[5];
        accumulator.Accumulate(_team, hidden.View, head, 0, [1, 2, 3, 4, 5]);
        accumulator.Finish(first);
        accumulator.Accumulate(_team, hidden.View, head, 0, [1, 2, -1, 4, 5]);
        accumulator.Finish(second);
        first[2] = 0;
        Assert.Equal(first, second);
    }

    [Fact]
    public void Finish_Int16Head_EqualsItsLogits()
    {
        using var hidden = GuardedMatrix.Normal(20, 128, 11);
        using var weights = GuardedMatrix.Normal(600, 128, 12, scale: 0.2);
        using PackedWeights head = Pack(Rows(weights), PackedFormat.Int16);
        using var logits = new GuardedMatrix(20, 600);
        MatMul.Apply(_team, hidden.View, head, logits.View);
        int[] targets = Targets(20, 600);
        float[] losses = Losses(hidden, targets, (head, 0));
        for (int token = 0; token < 20; token++)
        {
            double expected = LossOfLogits(logits.View[token], targets[token]);
            Assert.Equal(expected, losses[token], 1e-6 * expected);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Finish_BadHidden_NotFiniteForThatTokenAlone(float bad)
    {
        using var hidden = GuardedMatrix.Normal(10, 8, 13);
        using var weights = GuardedMatrix.Normal(50, 8, 14);
        using PackedWeights head = Pack(Rows(weights));
        int[] targets = Targets(10, 50);
        float[] clean = Losses(hidden, targets, (head, 0));
        hidden.View[4][3] = bad;
        float[] losses = Losses(hidden, targets, (head, 0));
        Assert.False(float.IsFinite(losses[4]));
        clean[4] = losses[4];
        Assert.Equal(clean, losses);
    }

    [Fact]
    public void SumOfExponentials_EveryLengthAndWidth_EqualsTwin()
    {
        for (int n = 1; n <= 257; n++)
        {
            float[] logits = new float[n];
            var random = new SeededRandom(n);
            for (int i = 0; i < n; i++)
            {
                logits[i] = (float)(random.NextNormal() * 8);
            }

            if (n > 2)
            {
                logits[1] = float.NegativeInfinity;
            }

            double expected;
            float largest;
            fixed (float* pointer = (float[])logits.Clone())
            {
                expected = LossReduction.SumOfExponentialsScalar(pointer, n, out largest);
            }

            Assert.Equal((expected, largest), Rounded<Lanes512>(logits, expected));
            Assert.Equal((expected, largest), Rounded<Lanes256>(logits, expected));
            Assert.Equal((expected, largest), Rounded<Lanes128>(logits, expected));
        }

        // The expected sum if it is met within 1e-6, else what was found.
        static (double Sum, float Largest) Rounded<TLanes>(float[] logits, double expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            float[] room = [.. logits, .. new float[16]];
            fixed (float* pointer = room)
            {
                double sum = LossReduction.SumOfExponentials<TLanes>(pointer, logits.Length, out float largest);
                return (Math.Abs(sum - expected) <= 1e-6 * expected ? expected : sum, largest);
            }
        }
    }

    [Fact]
    public void Finish_TargetInNoPiece_Throws()
    {
        using var hidden = GuardedMatrix.Normal(2, 4, 15);
        using var weights = GuardedMatrix.Normal(10, 4, 16);
        using PackedWeights head = Pack(Rows(weights));
        using var accumulator = new LossAccumulator(2);
        Assert.Throws<InvalidOperationException>(() => accumulator.Finish(new float[2]));
        accumulator.Accumulate(_team, hidden.View, head, 0, [3, 10]);
        var error = Assert.Throws<InvalidOperationException>(() => accumulator.Finish(new float[2]));
        Assert.Contains("token 1 is 10", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Finish_TargetInNoPiece_WritesNothingAndIsReadyForTheNextTokens()
    {
        using var hidden = GuardedMatrix.Normal(2, 4, 15);
        using var weights = GuardedMatrix.Normal(10, 4, 16);
        using PackedWeights head = Pack(Rows(weights));
        using var accumulator = new LossAccumulator(2);
        float[] losses = [7, 7];
        accumulator.Accumulate(_team, hidden.View, head, 0, [3, 10]);
        Assert.Throws<InvalidOperationException>(() => accumulator.Finish(losses));
        Assert.All(losses, loss => Assert.Equal(7, loss));
        accumulator.Accumulate(_team, hidden.View, head, 0, [3, 9]);
        accumulator.Finish(losses);
        Assert.Equal(Losses(hidden, [3, 9], (head, 0)), losses);
    }

    [Fact]
    public void Accumulate_WrongArguments_Throws()
    {
        using var hidden = GuardedMatrix.Normal(2, 4, 17);
        using var narrow = GuardedMatrix.Normal(2, 3, 17);
        using var weights = GuardedMatrix.Normal(10, 4, 18);
        using PackedWeights head = Pack(Rows(weights));
        using var accumulator = new LossAccumulator(2);
        Assert.Throws<ShapeMismatchException>(() => accumulator.Accumulate(_team, narrow.View, head, 0, [1, 2]));
        Assert.Throws<ShapeMismatchException>(() => accumulator.Accumulate(_team, hidden.View.SliceRows(0, 1), head, 0, [1, 2]));
        Assert.Throws<ShapeMismatchException>(() => accumulator.Accumulate(_team, hidden.View, head, 0, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(_team, hidden.View, head, 0, [1, -2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(_team, hidden.View, head, -1, [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(_team, hidden.View, head, int.MaxValue, [1, 2]));
        accumulator.Accumulate(_team, hidden.View, head, 0, [1, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Accumulate(_team, hidden.View, head, 9, [1, 2]));
        Assert.Throws<ArgumentException>(() => accumulator.Accumulate(_team, hidden.View, head, 10, [1, 3]));
        Assert.Throws<ShapeMismatchException>(() => accumulator.Finish(new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LossAccumulator(-1));
    }

    private static double ExactLoss(ReadOnlySpan<float> hidden, TensorView<float> weights, int target)
    {
        double[] logits = new double[weights.Rows];
        for (int row = 0; row < weights.Rows; row++)
        {
            for (int i = 0; i < hidden.Length; i++)
            {
                logits[row] += (double)hidden[i] * weights[row][i];
            }
        }

        double largest = logits.Max();
        return largest + Math.Log(logits.Sum(l => Math.Exp(l - largest))) - logits[target];
    }

    private static double LossOfLogits(ReadOnlySpan<float> logits, int target)
    {
        // -log(e^t / (e^t + rest)) = log1p(rest / e^t), exact also where the loss is tiny: log1p(x) = x - x²/2 for small x.
        double rest = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            rest += i == target ? 0 : Math.Exp((double)logits[i] - logits[target]);
        }

        return rest < 1e-5 ? rest - (rest * rest / 2) : Math.Log(1 + rest);
    }

    private static int LargestIndex(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            largest = values[i] > values[largest] ? i : largest;
        }

        return largest;
    }

    private static int[] Targets(int tokens, int vocabulary) => [.. Enumerable.Range(0, tokens).Select(t => t * 37 % vocabulary)];

    private static float[][] Rows(GuardedMatrix weights) =>
        [.. Enumerable.Range(0, weights.View.Rows).Select(row => weights.View[row].ToArray())];

    private PackedWeights Pack(float[][] rows, PackedFormat format = PackedFormat.Stored)
    {
        float[] values = [.. rows.SelectMany(row => row)];
        fixed (float* pointer = values)
        {
            return PackedWeights.Pack(_team, [new WeightSlice(new WeightView(pointer, ElementType.F32, rows.Length, rows[0].Length))], format);
        }
    }

    private float[] Losses(GuardedMatrix hidden, int[] targets, params (PackedWeights Head, int First)[] pieces)
    {
        using var accumulator = new LossAccumulator(targets.Length);
        foreach ((PackedWeights head, int first) in pieces)
        {
            accumulator.Accumulate(_team, hidden.View, head, first, targets);
        }

        float[] losses = new float[targets.Length];
        accumulator.Finish(losses);
        return losses;
    }
}
