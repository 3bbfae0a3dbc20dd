using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class RmsNormGradientTests : IDisposable
{
    private const float Epsilon = 1e-3f;
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(70, 1, 5)]
    [InlineData(3, 1, 67)]
    [InlineData(7, 3, 9)]
    public void Gradient_RowsAndHeads_EqualCentralDifferences(int rows, int groups, int width)
    {
        using var x = GuardedMatrix.Normal(rows, groups * width, 1, scale: 0.7);
        using var weight = GuardedMatrix.Normal(1, width, 2);
        using var dy = GuardedMatrix.Normal(rows, groups * width, 3);
        using var dx = new GuardedMatrix(rows, groups * width);
        float[] dw = new float[width];
        if (groups == 1)
        {
            RmsNorm.Gradient(_team, x.View, weight.View[0], Epsilon, dy.View, dx.View, dw);
        }
        else
        {
            RmsNorm.GradientPerHead(_team, x.View, width, weight.View[0], Epsilon, dy.View, dx.View, dw);
        }

        dx.AssertGuardsIntact();
        double[] xs = CentralDifference.Widen(x), w = CentralDifference.Widen(weight), c = CentralDifference.Widen(dy);
        double Loss()
        {
            double sum = 0;
            for (int first = 0; first < xs.Length; first += width)
            {
                double squares = 0;
                for (int i = 0; i < width; i++)
                {
                    squares += xs[first + i] * xs[first + i];
                }

                for (int i = 0; i < width; i++)
                {
                    sum += xs[first + i] / Math.Sqrt((squares / width) + Epsilon) * w[i] * c[first + i];
                }
            }

            return sum;
        }

        CentralDifference.Assert(Loss, xs, dx.ToArray(), "dX");
        CentralDifference.Assert(Loss, w, dw, "dw");
    }

    [Fact]
    public void Group_EveryLengthAndWidth_EqualsTwin()
    {
        for (int n = 1; n <= 257; n++)
        {
            using var inputs = GuardedMatrix.Normal(3, n, n);
            using var expected = new GuardedMatrix(2, n);
            Kernel(inputs).GroupScalar(inputs.View.RowPointer(0), inputs.View.RowPointer(1), expected.View.RowPointer(0), expected.View.RowPointer(1));
            AssertGroup<Lanes512>(inputs, expected);
            AssertGroup<Lanes256>(inputs, expected);
            AssertGroup<Lanes128>(inputs, expected);
        }

        static RmsNormGradientKernel Kernel(GuardedMatrix inputs) =>
            new(inputs.View, inputs.View, inputs.View, (nint)inputs.View.RowPointer(2), 0, inputs.View.Columns, Epsilon, Accumulate: true);

        static void AssertGroup<TLanes>(GuardedMatrix inputs, GuardedMatrix expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            using var actual = new GuardedMatrix(2, inputs.View.Columns);
            Kernel(inputs).Group<TLanes>(inputs.View.RowPointer(0), inputs.View.RowPointer(1), actual.View.RowPointer(0), actual.View.RowPointer(1));
            actual.AssertGuardsIntact();
            Close.Assert(expected.ToArray(), actual.ToArray(), 2e-5, 2e-5);
        }
    }

    [Fact]
    public void Gradient_AccumulateOrInPlace_SameNumbers()
    {
        using var x = GuardedMatrix.Normal(9, 21, 1);
        using var weight = GuardedMatrix.Normal(1, 21, 2);
        using var dy = GuardedMatrix.Normal(9, 21, 3);
        using var dx = new GuardedMatrix(9, 21);
        float[] once = new float[21];
        RmsNorm.Gradient(_team, x.View, weight.View[0], Epsilon, dy.View, dx.View, once);
        using GuardedMatrix twice = dx.Copy();
        float[] dw = new float[21];
        RmsNorm.Gradient(_team, x.View, weight.View[0], Epsilon, dy.View, twice.View, dw, accumulate: true);
        RmsNorm.Gradient(_team, x.View, weight.View[0], Epsilon, dy.View, dy.View, dw);
        Assert.Equal(dx.ToArray(), dy.ToArray());
        Assert.Equal([.. dx.ToArray().Select(v => 2 * v)], twice.ToArray());
        Close.Assert([.. once.Select(v => 2 * v)], dw, 1e-5, 1e-5);
    }

    [Fact]
    public void Gradient_AnyNumberOfThreads_SameBits()
    {
        using var x = GuardedMatrix.Normal(500, 40, 1);
        using var weight = GuardedMatrix.Normal(1, 40, 2);
        using var dy = GuardedMatrix.Normal(500, 40, 3);
        float[]? expected = null;
        foreach (int threads in new[] { 1, 3 })
        {
            using var team = new ThreadTeam(threads);
            using var dx = new GuardedMatrix(500, 40);
            float[] dw = new float[40];
            RmsNorm.Gradient(team, x.View, weight.View[0], Epsilon, dy.View, dx.View, dw);
            float[] all = [.. dx.ToArray(), .. dw];
            MatMulReference.AssertSameBits(expected ??= all, all, $"{threads} threads");
        }
    }

    [Fact]
    public void Gradient_WrongShapesOrOverlap_Throw()
    {
        using var x = new GuardedMatrix(4, 6);
        using var dy = new GuardedMatrix(4, 6);
        using var small = new GuardedMatrix(3, 6);
        float[] w = new float[6];
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.Gradient(_team, x.View, w, Epsilon, small.View, dy.View, w));
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.Gradient(_team, x.View, w, Epsilon, dy.View, small.View, w));
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.Gradient(_team, x.View, w, Epsilon, dy.View, dy.View, new float[5]));
        Assert.Throws<ArgumentException>(() => RmsNorm.Gradient(_team, x.View, w, Epsilon, dy.View, x.View, w));
    }
}
