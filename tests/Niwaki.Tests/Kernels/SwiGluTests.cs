using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class SwiGluTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_SmallRow_KnownResult()
    {
        // silu(0) = 0; silu(1) = 1/(1 + e^-1) = 0.7310586; silu(-1) = -1/(1 + e) = -0.2689414. Up: 5, 2, 10.
        using var gateUp = GuardedMatrix.From([0, 1, -1, 5, 2, 10]);
        using var y = new GuardedMatrix(1, 3);
        SwiGlu.Apply(_team, gateUp.View, y.View);
        Close.Assert([0, 1.4621172f, -2.689414f], y.ToArray(), 0, 3e-7);
    }

    [Fact]
    public void Row_EveryLengthAndWidth_EqualsTwin()
    {
        for (int n = 0; n <= 257; n++)
        {
            using var gateUp = GuardedMatrix.Normal(2, n, n, scale: 5);
            using var expected = new GuardedMatrix(1, n);
            SwiGluKernel.RowScalar(gateUp.View.RowPointer(0), gateUp.View.RowPointer(1), expected.View.Pointer, n);
            AssertRow<Lanes512>(gateUp, expected);
            AssertRow<Lanes256>(gateUp, expected);
            AssertRow<Lanes128>(gateUp, expected);
        }

        static void AssertRow<TLanes>(GuardedMatrix gateUp, GuardedMatrix expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            using var y = new GuardedMatrix(1, expected.View.Columns);
            SwiGluKernel.Row<TLanes>(gateUp.View.RowPointer(0), gateUp.View.RowPointer(1), y.View.Pointer, y.View.Columns);
            y.AssertGuardsIntact();
            Close.Assert(expected.ToArray(), y.ToArray(), 1e-36, 6e-7);
        }
    }

    [Fact]
    public void Apply_OutputIsGateOrUp_SameBits()
    {
        using var gateUp = GuardedMatrix.Normal(50, 2 * 37, 3);
        using GuardedMatrix second = gateUp.Copy();
        using var y = new GuardedMatrix(50, 37);
        SwiGlu.Apply(_team, gateUp.View, y.View);
        SwiGlu.Apply(_team, gateUp.View, gateUp.View.SliceColumns(0, 37));
        SwiGlu.Apply(_team, second.View, second.View.SliceColumns(37, 37));
        for (int row = 0; row < 50; row++)
        {
            Assert.Equal(y.View[row], gateUp.View[row][..37]);
            Assert.Equal(y.View[row], second.View[row][37..]);
        }
    }

    [Theory]
    [InlineData(float.NaN, 1f, float.NaN)]
    [InlineData(float.PositiveInfinity, 2f, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, 1f, float.NaN)]
    [InlineData(1f, float.NaN, float.NaN)]
    [InlineData(-200f, 1f, -0f)]
    public void Apply_SpecialValues_Propagate(float gate, float up, float expected)
    {
        using var gateUp = GuardedMatrix.From([gate, up]);
        using var y = new GuardedMatrix(1, 1);
        SwiGlu.Apply(_team, gateUp.View, y.View);
        Assert.Equal(expected, y.View[0][0]);
    }

    [Fact]
    public void Apply_Factors_ScaleTheirColumnsAndCloseOverNaN()
    {
        // silu(1) = 0.7310586.
        using var gateUp = GuardedMatrix.From([1, 1, float.NaN, float.PositiveInfinity, float.NaN, 2, 2, 1, 1, 1], [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
        using var y = new GuardedMatrix(2, 5);
        SwiGlu.Apply(_team, gateUp.View, y.View, [1, 0.5f, 0, 0, 2]);
        Close.Assert([1.4621172f, 0.7310586f, 0, 0, float.NaN, 1.4621172f, 0.7310586f, 0, 0, 2.9242344f], y.ToArray(), 0, 3e-7);
        y.AssertGuardsIntact();
    }

    [Fact]
    public void Scale_EveryLength_EqualsTwin()
    {
        for (int n = 0; n <= 257; n++)
        {
            using var y = GuardedMatrix.Normal(1, n, n);
            using GuardedMatrix expected = y.Copy();
            float[] factors = [.. Enumerable.Range(0, n).Select(i => i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : 0.3f)];
            fixed (float* factor = factors)
            {
                SwiGluKernel.ScaleScalar(expected.View.Pointer, factor, n);
                SwiGluKernel.Scale(y.View.Pointer, factor, n);
            }

            MatMulReference.AssertSameBits(expected.ToArray(), y.ToArray(), $"{n} columns");
            y.AssertGuardsIntact();
        }
    }

    [Fact]
    public void Apply_WrongShapesOrOverlap_Throws()
    {
        using var gateUp = new GuardedMatrix(2, 8);
        using var y = new GuardedMatrix(2, 3);
        using var short_ = new GuardedMatrix(1, 4);
        Assert.Throws<ShapeMismatchException>(() => SwiGlu.Apply(_team, gateUp.View, y.View));
        Assert.Throws<ShapeMismatchException>(() => SwiGlu.Apply(_team, gateUp.View, short_.View));
        Assert.Throws<ShapeMismatchException>(() => SwiGlu.Apply(_team, gateUp.View, gateUp.View.SliceColumns(0, 4), [1, 1, 1]));
        Assert.Throws<ArgumentException>(() => SwiGlu.Apply(_team, gateUp.View, gateUp.View.SliceColumns(1, 4)));
        Assert.Throws<ArgumentException>(() => SwiGlu.Apply(_team, gateUp.View, new TensorView<float>(gateUp.View.Pointer, 2, 4, 4)));
    }
}
