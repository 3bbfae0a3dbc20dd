using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class SwiGluGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 37)]
    public void Gradient_Rows_EqualsCentralDifferences(int rows, int width)
    {
        using var gateUp = GuardedMatrix.Normal(rows, 2 * width, 1, scale: 3);
        using var dy = GuardedMatrix.Normal(rows, width, 2);
        using var gradient = new GuardedMatrix(rows, 2 * width);
        SwiGlu.Gradient(_team, gateUp.View, dy.View, gradient.View);
        gradient.AssertGuardsIntact();
        double[] x = CentralDifference.Widen(gateUp), c = CentralDifference.Widen(dy);
        double Loss()
        {
            double sum = 0;
            for (int row = 0; row < rows; row++)
            {
                for (int i = 0; i < width; i++)
                {
                    double gate = x[(row * 2 * width) + i];
                    sum += gate / (1 + Math.Exp(-gate)) * x[(row * 2 * width) + width + i] * c[(row * width) + i];
                }
            }

            return sum;
        }

        CentralDifference.Assert(Loss, x, gradient.ToArray(), "dgate, dup");
    }

    [Fact]
    public void Row_EveryLengthAndWidth_EqualsTwin()
    {
        for (int n = 0; n <= 257; n++)
        {
            using var gateUp = GuardedMatrix.Normal(1, 2 * n, n, scale: 5);
            using var dy = GuardedMatrix.Normal(1, n, n + 1);
            using var expected = new GuardedMatrix(1, 2 * n);
            SwiGluGradientKernel.RowScalar(gateUp.View.Pointer, dy.View.Pointer, expected.View.Pointer, 0, n);
            AssertRow<Lanes512>(gateUp, dy, expected);
            AssertRow<Lanes256>(gateUp, dy, expected);
            AssertRow<Lanes128>(gateUp, dy, expected);
        }

        static void AssertRow<TLanes>(GuardedMatrix gateUp, GuardedMatrix dy, GuardedMatrix expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            using var actual = new GuardedMatrix(1, gateUp.View.Columns);
            SwiGluGradientKernel.Row<TLanes>(gateUp.View.Pointer, dy.View.Pointer, actual.View.Pointer, dy.View.Columns);
            actual.AssertGuardsIntact();
            Close.Assert(expected.ToArray(), actual.ToArray(), 2e-5, 2e-5);
        }
    }

    [Fact]
    public void Gradient_InPlace_SameBits()
    {
        using var gateUp = GuardedMatrix.Normal(20, 2 * 37, 1);
        using var dy = GuardedMatrix.Normal(20, 37, 2);
        using var gradient = new GuardedMatrix(20, 2 * 37);
        SwiGlu.Gradient(_team, gateUp.View, dy.View, gradient.View);
        SwiGlu.Gradient(_team, gateUp.View, dy.View, gateUp.View);
        Assert.Equal(gradient.ToArray(), gateUp.ToArray());
    }

    [Theory]
    [InlineData(1000f, 3f, 2f, 6f, 2000f)]
    [InlineData(-1000f, 3f, 2f, 0f, 0f)]
    [InlineData(float.NaN, 1f, 1f, float.NaN, float.NaN)]
    public void Gradient_ExtremeValues_FollowTheLimit(float gate, float up, float dy, float gateGradient, float upGradient)
    {
        // For a large gate silu is the identity: dgate = dy · up, dup = dy · gate; for a very negative one it is 0.
        using var gateUp = GuardedMatrix.From([gate, up]);
        using var d = GuardedMatrix.From([dy]);
        SwiGlu.Gradient(_team, gateUp.View, d.View, gateUp.View);
        Close.Assert([gateGradient, upGradient], gateUp.ToArray(), 1e-30, 1e-6);
    }

    [Fact]
    public void Gradient_WrongShapesOrOverlap_Throw()
    {
        using var gateUp = new GuardedMatrix(2, 8);
        using var dy = new GuardedMatrix(2, 4);
        using var wrong = new GuardedMatrix(2, 6);
        Assert.Throws<ShapeMismatchException>(() => SwiGlu.Gradient(_team, wrong.View, dy.View, wrong.View));
        Assert.Throws<ShapeMismatchException>(() => SwiGlu.Gradient(_team, gateUp.View, dy.View, wrong.View));
        Assert.Throws<ArgumentException>(() => SwiGlu.Gradient(_team, gateUp.View, gateUp.View.SliceColumns(0, 4), gateUp.View));
    }
}
