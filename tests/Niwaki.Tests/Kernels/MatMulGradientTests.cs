using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class MatMulGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(5, 3, 7)]
    [InlineData(1, 1, 1)]
    [InlineData(13, 33, 35)]
    public void Gradients_SmallProduct_EqualCentralDifferences(int rows, int inputs, int outputs)
    {
        using var x = GuardedMatrix.Normal(rows, inputs, 1);
        using var w = GuardedMatrix.Normal(outputs, inputs, 2);
        using var dy = GuardedMatrix.Normal(rows, outputs, 3);
        using var dx = new GuardedMatrix(rows, inputs);
        using var dw = new GuardedMatrix(outputs, inputs);
        float[] db = new float[outputs];
        MatMul.InputGradient(_team, dy.View, w.View, dx.View);
        MatMul.WeightGradient(_team, dy.View, x.View, dw.View);
        MatMul.BiasGradient(_team, dy.View, db);
        dx.AssertGuardsIntact();
        dw.AssertGuardsIntact();

        double[] xs = CentralDifference.Widen(x), ws = CentralDifference.Widen(w), c = CentralDifference.Widen(dy), bias = new double[outputs];
        double Loss()
        {
            double sum = 0;
            for (int m = 0; m < rows; m++)
            {
                for (int n = 0; n < outputs; n++)
                {
                    double y = bias[n];
                    for (int k = 0; k < inputs; k++)
                    {
                        y += xs[(m * inputs) + k] * ws[(n * inputs) + k];
                    }

                    sum += y * c[(m * outputs) + n];
                }
            }

            return sum;
        }

        CentralDifference.Assert(Loss, xs, dx.ToArray(), "dX");
        CentralDifference.Assert(Loss, ws, dw.ToArray(), "dW");
        CentralDifference.Assert(Loss, bias, db, "db");
    }

    [Theory]
    [InlineData(37, 65, 97)]
    [InlineData(700, 31, 45)]
    [InlineData(6, 300, 600)]
    public void Apply_WeightsAsTheyLie_SameBitsAsPacked(int rows, int inputs, int outputs)
    {
        using var x = GuardedMatrix.Normal(rows, inputs, 1);
        using var w = GuardedMatrix.Normal(outputs, inputs, 2);
        float[] bias = GuardedMatrix.Normal(1, outputs, 4).ToArray();
        using var expected = new GuardedMatrix(rows, outputs);
        using var actual = new GuardedMatrix(rows, outputs);
        float[] dense = w.ToArray();
        fixed (float* pointer = dense)
        {
            using PackedWeights packed = PackedWeights.Pack(_team, [new WeightSlice(new WeightView(pointer, ElementType.F32, outputs, inputs))]);
            MatMul.Apply(_team, x.View, packed, expected.View, bias: bias);
        }

        MatMul.Apply(_team, x.View, w.View, actual.View, bias: bias);
        actual.AssertGuardsIntact();
        MatMulReference.AssertSameBits(expected.ToArray(), actual.ToArray(), "product");
    }

    // 16,384 steps leave 1,024 columns and 1,020 rows to a pass: one more of either is a second one. Element (i, i) of the long side is i + 1, the rest of it 0,
    // the short side all 1.
    [Theory]
    [InlineData(1, 1025)]
    [InlineData(1021, 1)]
    public void Apply_MoreColumnsOrRowsThanOnePass_ComputesAll(int rows, int outputs)
    {
        const int Inputs = 16_384;
        using var x = new NativeBuffer<float>((long)rows * Inputs);
        using var w = new NativeBuffer<float>((long)outputs * Inputs);
        using var y = new GuardedMatrix(rows, outputs);
        (NativeBuffer<float> many, NativeBuffer<float> one) = rows > 1 ? (x, w) : (w, x);
        one.Span.Fill(1);
        int count = Math.Max(rows, outputs);
        for (int i = 0; i < count; i++)
        {
            many.Span[(i * Inputs) + i] = i + 1;
        }

        float[] bias = [.. Enumerable.Range(0, outputs).Select(output => output / 2f)];
        float[] expected = [.. Enumerable.Range(0, count).Select(i => i + 1 + bias[i % outputs])];
        MatMul.Apply(_team, new TensorView<float>(x, rows, Inputs), new TensorView<float>(w, outputs, Inputs), y.View, bias: bias);

        y.AssertGuardsIntact();
        Assert.Equal(expected, y.ToArray());
    }

    [Fact]
    public void WeightGradient_MoreRowsThanOnePass_IsTheSumOfAll()
    {
        // dY = 1, X = 1: every element of dW is the number of rows. 20,000 rows are two passes of at most 16,384.
        const int Rows = 20_000;
        using var dy = new NativeBuffer<float>(Rows * 3);
        using var x = new NativeBuffer<float>(Rows * 2);
        dy.Span.Fill(1);
        x.Span.Fill(1);
        using var dw = new GuardedMatrix(3, 2);
        MatMul.WeightGradient(_team, new TensorView<float>(dy, Rows, 3), new TensorView<float>(x, Rows, 2), dw.View);
        Assert.All(dw.ToArray(), value => Assert.Equal(Rows, value));
        MatMul.WeightGradient(_team, new TensorView<float>(dy, Rows, 3), new TensorView<float>(x, Rows, 2), dw.View);
        Assert.All(dw.ToArray(), value => Assert.Equal(2 * Rows, value));
    }

    [Fact]
    public void Gradients_AnyNumberOfThreads_SameBits()
    {
        using var x = GuardedMatrix.Normal(500, 70, 1);
        using var w = GuardedMatrix.Normal(110, 70, 2);
        using var dy = GuardedMatrix.Normal(500, 110, 3);
        float[]? expected = null;
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using var team = new ThreadTeam(threads);
            using var dx = new GuardedMatrix(500, 70);
            using var dw = new GuardedMatrix(110, 70);
            float[] db = new float[110];
            MatMul.InputGradient(team, dy.View, w.View, dx.View, accumulate: true);
            MatMul.WeightGradient(team, dy.View, x.View, dw.View);
            MatMul.BiasGradient(team, dy.View, db);
            float[] all = [.. dx.ToArray(), .. dw.ToArray(), .. db];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads");
        }
    }

    [Fact]
    public void Gradients_NoRows_NothingAdded()
    {
        using var x = new GuardedMatrix(0, 4);
        using var dy = new GuardedMatrix(0, 3);
        using var dw = GuardedMatrix.Normal(3, 4, 1);
        float[] before = dw.ToArray();
        MatMul.WeightGradient(_team, dy.View, x.View, dw.View);
        Assert.Equal(before, dw.ToArray());
    }

    [Fact]
    public void Gradients_WrongShapesOrOverlap_Throw()
    {
        using var x = new GuardedMatrix(5, 4);
        using var w = new GuardedMatrix(3, 4);
        using var dy = new GuardedMatrix(5, 3);
        using var square = new GuardedMatrix(4, 4);
        Assert.Throws<ShapeMismatchException>(() => MatMul.InputGradient(_team, dy.View, x.View, x.View));
        Assert.Throws<ShapeMismatchException>(() => MatMul.InputGradient(_team, x.View, w.View, x.View));
        Assert.Throws<ShapeMismatchException>(() => MatMul.WeightGradient(_team, dy.View, w.View, w.View));
        Assert.Throws<ShapeMismatchException>(() => MatMul.BiasGradient(_team, dy.View, new float[4]));
        Assert.Throws<ShapeMismatchException>(() => MatMul.Apply(_team, x.View, w.View, x.View));
        Assert.Throws<ArgumentException>(() => MatMul.InputGradient(_team, square.View, square.View, square.View));
    }
}
