using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class HeadLossGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(5, 7, 33)]
    [InlineData(13, 4, 130)]
    public void Compute_SmallHead_EqualsCentralDifferences(int tokens, int width, int vocabulary)
    {
        using var hidden = GuardedMatrix.Normal(tokens, width, 1);
        using var head = GuardedMatrix.Normal(vocabulary, width, 2);
        using var dh = new GuardedMatrix(tokens, width);
        using var dw = new GuardedMatrix(vocabulary, width);
        int[] targets = [.. Enumerable.Range(0, tokens).Select(t => t % 4 == 3 ? -1 : t * 7 % vocabulary)];
        float[] losses = new float[tokens];
        const float Factor = 0.25f;
        using var loss = new HeadLossGradient();
        loss.Compute(_team, hidden.View, head.View, targets, Factor, losses, dh.View, dw.View);
        dh.AssertGuardsIntact();
        dw.AssertGuardsIntact();

        double[] h = CentralDifference.Widen(hidden), w = CentralDifference.Widen(head);
        double Loss(int token)
        {
            if (targets[token] < 0)
            {
                return 0;
            }

            double[] logits = new double[vocabulary];
            for (int v = 0; v < vocabulary; v++)
            {
                for (int i = 0; i < width; i++)
                {
                    logits[v] += h[(token * width) + i] * w[(v * width) + i];
                }
            }

            return Math.Log(logits.Sum(Math.Exp)) - logits[targets[token]];
        }

        double Total() => Factor * Enumerable.Range(0, tokens).Sum(Loss);
        for (int token = 0; token < tokens; token++)
        {
            Assert.Equal(Loss(token), losses[token], 1e-5);
        }

        CentralDifference.Assert(Total, h, dh.ToArray(), "dH");
        CentralDifference.Assert(Total, w, dw.ToArray(), "dW");
        float[] alone = new float[tokens];
        loss.Losses(_team, hidden.View, head.View, targets, alone);
        Assert.Equal(losses, alone);
    }

    [Theory]
    [InlineData(1, 2, 3, 0.5f)]
    [InlineData(5, 7, 33, 5.12f)]
    [InlineData(13, 4, 530, 1)]
    public void Compute_Reference_EqualsCentralDifferencesOfLossAndDivergence(int tokens, int width, int vocabulary, float weight)
    {
        using var hidden = GuardedMatrix.Normal(tokens, width, 1);
        using var head = GuardedMatrix.Normal(vocabulary, width, 2);
        using var other = GuardedMatrix.Normal(tokens, vocabulary, 3);
        using var dh = new GuardedMatrix(tokens, width);
        using var dw = new GuardedMatrix(vocabulary, width);
        int[] targets = [.. Enumerable.Range(0, tokens).Select(t => t % 4 == 3 ? -1 : t * 7 % vocabulary)];
        float[] losses = new float[tokens], divergences = new float[tokens];
        const float Factor = 0.25f;
        void Logits(int first, TensorView<float> logits)
        {
            for (int row = 0; row < logits.Rows; row++)
            {
                other.View[first + row].CopyTo(logits[row]);
            }
        }

        using var loss = new HeadLossGradient();
        loss.Compute(_team, hidden.View, head.View, targets, Factor, losses, dh.View, dw.View, new HeadReference(Logits, weight, divergences));
        dh.AssertGuardsIntact();
        dw.AssertGuardsIntact();

        double[] h = CentralDifference.Widen(hidden), w = CentralDifference.Widen(head), r = CentralDifference.Widen(other);
        (double Loss, double Divergence) Of(int token)
        {
            if (targets[token] < 0)
            {
                return (0, 0);
            }

            double[] logits = [.. Enumerable.Range(0, vocabulary).Select(v => Enumerable.Range(0, width).Sum(i => h[(token * width) + i] * w[(v * width) + i]))];
            double[] expected = r[(token * vocabulary)..((token + 1) * vocabulary)];
            double log = Math.Log(logits.Sum(Math.Exp)), expectedLog = Math.Log(expected.Sum(Math.Exp));
            return (log - logits[targets[token]], expected.Zip(logits, (e, l) => Math.Exp(e - expectedLog) * (e - expectedLog - l + log)).Sum());
        }

        for (int token = 0; token < tokens; token++)
        {
            Assert.Equal(Of(token).Loss, losses[token], 1e-5);
            Assert.Equal(Of(token).Divergence, divergences[token], 1e-5);
        }

        double Total() => Factor * Enumerable.Range(0, tokens).Sum(token => Of(token).Loss + (weight * Of(token).Divergence));
        CentralDifference.Assert(Total, h, dh.ToArray(), "dH");
        CentralDifference.Assert(Total, w, dw.ToArray(), "dW");
        using var again = new GuardedMatrix(tokens, width);
        loss.Compute(_team, hidden.View, head.View, targets, Factor, losses, again.View, null, new HeadReference(Logits, weight, divergences));
        Assert.Equal(dh.ToArray(), again.ToArray());
        Assert.Throws<ShapeMismatchException>(
            () => loss.Compute(_team, hidden.View, head.View, targets, Factor, losses, again.View, null, new HeadReference(Logits, weight, [.. divergences, 0])));
    }

    [Fact]
    public void Compute_ReferenceAndManyPieces_EqualsThePartsAndTheDivergenceKernel()
    {
        // A vocabulary of 40,000 leaves 104 tokens to a piece: 150 tokens are two, each asking for its own tokens of the reference.
        const int Tokens = 150, Width = 5, Vocabulary = 40_000;
        using var hidden = GuardedMatrix.Normal(Tokens, Width, 1);
        using var head = GuardedMatrix.Normal(Vocabulary, Width, 2);
        using var other = GuardedMatrix.Normal(Tokens, Vocabulary, 3);
        using var logits = new GuardedMatrix(Tokens, Vocabulary);
        using var dh = new GuardedMatrix(Tokens, Width);
        int[] targets = [.. Enumerable.Range(0, Tokens).Select(t => t * 31 % Vocabulary)];
        float[] losses = new float[Tokens], divergences = new float[Tokens];
        var asked = new List<(int First, int Rows)>();
        void Logits(int first, TensorView<float> rows)
        {
            asked.Add((first, rows.Rows));
            for (int row = 0; row < rows.Rows; row++)
            {
                other.View[first + row].CopyTo(rows[row]);
            }
        }

        using var loss = new HeadLossGradient();
        loss.Compute(_team, hidden.View, head.View, targets, 1, losses, dh.View, null, new HeadReference(Logits, 1, divergences));
        Assert.Equal([(0, 104), (104, 46)], asked);
        MatMul.Apply(_team, hidden.View, head.View, logits.View);
        double[] expected = new double[Tokens];
        KullbackLeibler.Apply(_team, other.View, logits.View, expected);
        Close.Assert([.. expected.Select(value => (float)value)], divergences, 1e-5, 1e-5);
    }

    [Fact]
    public void Compute_ManyPieces_EqualsLossAccumulatorAndSumsOfParts()
    {
        // A vocabulary of 40,000 leaves 104 tokens to a piece of 2^22 logits: 250 tokens are three.
        const int Tokens = 250, Width = 5, Vocabulary = 40_000;
        using var hidden = GuardedMatrix.Normal(Tokens, Width, 1);
        using var head = GuardedMatrix.Normal(Vocabulary, Width, 2);
        int[] targets = [.. Enumerable.Range(0, Tokens).Select(t => t * 31 % Vocabulary)];
        float[] all = new float[Tokens];
        using var dh = new GuardedMatrix(Tokens, Width);
        using var dw = new GuardedMatrix(Vocabulary, Width);
        using var loss = new HeadLossGradient();
        loss.Compute(_team, hidden.View, head.View, targets, 1, all, dh.View, dw.View);

        float[] parts = new float[Tokens];
        using var partHidden = new GuardedMatrix(Tokens, Width);
        using var partHead = new GuardedMatrix(Vocabulary, Width);
        for (int first = 0; first < Tokens; first += 50)
        {
            loss.Compute(
                _team, hidden.View.SliceRows(first, 50), head.View, targets.AsSpan(first, 50), 1, parts.AsSpan(first, 50), partHidden.View.SliceRows(first, 50), partHead.View);
        }

        Assert.Equal(all, parts);
        Assert.Equal(dh.ToArray(), partHidden.ToArray());
        Close.Assert(dw.ToArray(), partHead.ToArray(), 1e-5, 1e-4);
    }

    [Fact]
    public void Compute_AnyNumberOfThreads_SameBits()
    {
        using var hidden = GuardedMatrix.Normal(100, 24, 1);
        using var head = GuardedMatrix.Normal(300, 24, 2);
        int[] targets = [.. Enumerable.Range(0, 100)];
        float[]? expected = null;
        foreach (int threads in new[] { 1, 4 })
        {
            using var team = new ThreadTeam(threads);
            using var dh = new GuardedMatrix(100, 24);
            using var dw = new GuardedMatrix(300, 24);
            using var loss = new HeadLossGradient();
            float[] losses = new float[100];
            loss.Compute(team, hidden.View, head.View, targets, 0.01f, losses, dh.View, dw.View);
            float[] everything = [.. losses, .. dh.ToArray(), .. dw.ToArray()];
            MatMulReference.AssertSameBits(expected ??= everything, everything, $"{threads} threads");
        }
    }

    [Fact]
    public void Compute_GradientInMemoryOfAnInput_ThrowsAndWritesNothing()
    {
        // As many ids as tokens: every gradient has the shape of every input.
        using var hidden = GuardedMatrix.Normal(3, 4, 1);
        using var head = GuardedMatrix.Normal(3, 4, 2);
        using var other = new GuardedMatrix(3, 4);
        using var loss = new HeadLossGradient();
        float[] losses = [7, 7, 7];
        float[] Inputs() => [.. hidden.ToArray(), .. head.ToArray()];
        void AssertRefused(TensorView<float> hiddenGradient, TensorView<float>? headGradient) =>
            Assert.Throws<ArgumentException>(() => loss.Compute(_team, hidden.View, head.View, [0, 1, 2], 1, losses, hiddenGradient, headGradient));
        float[] before = Inputs();

        AssertRefused(hidden.View, null);
        AssertRefused(head.View, null);
        AssertRefused(other.View, hidden.View);
        AssertRefused(other.View, head.View);

        Assert.Equal(before, Inputs());
        Assert.All(losses, value => Assert.Equal(7, value));
        Assert.All(other.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Compute_WrongShapesOrTargets_Throw()
    {
        using var hidden = new GuardedMatrix(2, 3);
        using var head = new GuardedMatrix(5, 3);
        using var loss = new HeadLossGradient();
        float[] losses = new float[2];
        Assert.Throws<ArgumentOutOfRangeException>(() => loss.Losses(_team, hidden.View, head.View, [0, 5], losses));
        Assert.Throws<ArgumentOutOfRangeException>(() => loss.Losses(_team, hidden.View, head.View, [0, -2], losses));
        Assert.Throws<ShapeMismatchException>(() => loss.Losses(_team, hidden.View, head.View, [0], losses));
        Assert.Throws<ShapeMismatchException>(() => loss.Compute(_team, hidden.View, head.View, [0, 1], 1, losses, head.View, head.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => loss.Compute(_team, hidden.View, head.View, [0, 1], float.NaN, losses, hidden.View, head.View));
    }
}
