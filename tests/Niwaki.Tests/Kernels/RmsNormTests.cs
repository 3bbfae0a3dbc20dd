using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class RmsNormTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_SmallRow_KnownResult()
    {
        // mean of squares of (3, 4, 0, 0) is 25/4; with epsilon 0 the divisor is 5/2: (1.2, 1.6, 0, 0), times (1, 2, 3, 4) = (1.2, 3.2, 0, 0).
        using var x = GuardedMatrix.From([3, 4, 0, 0]);
        using var y = new GuardedMatrix(1, 4);
        RmsNorm.Apply(_team, x.View, [1, 2, 3, 4], 0, y.View);
        Close.Assert([1.2f, 3.2f, 0, 0], y.ToArray(), 1e-6, 0);
    }

    [Fact]
    public void Apply_Epsilon_AddedToTheMean()
    {
        // mean 1, epsilon 3: divisor 2.
        using var x = GuardedMatrix.From([1, -1]);
        RmsNorm.Apply(_team, x.View, [1, 1], 3, x.View);
        Assert.Equal([0.5f, -0.5f], x.ToArray());
    }

    [Fact]
    public void Row_EveryLengthAndWidth_EqualsTwin()
    {
        for (int n = 0; n <= 257; n++)
        {
            using var x = GuardedMatrix.Normal(1, n, n);
            using var w = GuardedMatrix.Normal(1, n, n + 1000);
            using var expected = new GuardedMatrix(1, n);
            RmsNormKernel.RowScalar(x.View.Pointer, w.View.Pointer, expected.View.Pointer, n, 1e-5f);
            AssertRow<Lanes512>(x, w, expected);
            AssertRow<Lanes256>(x, w, expected);
            AssertRow<Lanes128>(x, w, expected);
        }

        static void AssertRow<TLanes>(GuardedMatrix x, GuardedMatrix w, GuardedMatrix expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            using var y = new GuardedMatrix(1, x.View.Columns);
            RmsNormKernel.Row<TLanes>(x.View.Pointer, w.View.Pointer, y.View.Pointer, x.View.Columns, 1e-5f);
            y.AssertGuardsIntact();
            Close.Assert(expected.ToArray(), y.ToArray(), 1e-12, 4e-6);
            using GuardedMatrix inPlace = x.Copy();
            RmsNormKernel.Row<TLanes>(inPlace.View.Pointer, w.View.Pointer, inPlace.View.Pointer, x.View.Columns, 1e-5f);
            Assert.Equal(y.ToArray(), inPlace.ToArray());
        }
    }

    [Fact]
    public void Apply_NaNAndInfinityInOneRow_OtherRowsKeepTheirBits()
    {
        using var x = GuardedMatrix.Normal(40, 600, 5);
        float[] ones = [.. Enumerable.Repeat(1f, 600)];
        using var clean = new GuardedMatrix(40, 600);
        RmsNorm.Apply(_team, x.View, ones, 1e-5f, clean.View);
        x.View[7][599] = float.NaN;
        x.View[9][3] = float.NegativeInfinity;
        using var y = new GuardedMatrix(40, 600);
        RmsNorm.Apply(_team, x.View, ones, 1e-5f, y.View);
        for (int row = 0; row < 40; row++)
        {
            if (row == 7)
            {
                Assert.All(y.View[row].ToArray(), v => Assert.True(float.IsNaN(v)));
            }
            else if (row == 9)
            {
                Assert.True(float.IsNaN(y.View[row][3])); // -∞ · 1/∞
                Assert.Equal(0, y.View[row][0]);
            }
            else
            {
                Assert.Equal(clean.View[row], y.View[row]);
            }
        }
    }

    [Fact]
    public void ApplyPerHead_Heads_EachNormalisedAlone()
    {
        // Heads (3, 4) and (6, 8): divisors sqrt(25/2) and sqrt(100/2), both give (0.8485281, 1.1313708); weight (1, 2) doubles the second.
        using var x = GuardedMatrix.From([3, 4, 6, 8]);
        RmsNorm.ApplyPerHead(_team, x.View, 2, [1, 2], 0);
        Close.Assert([0.8485281f, 2.2627417f, 0.8485281f, 2.2627417f], x.ToArray(), 1e-6, 0);
        x.AssertGuardsIntact();
    }

    [Fact]
    public void Apply_OneOrThreeThreads_SameBits()
    {
        using var x = GuardedMatrix.Normal(100, 333, 8);
        float[] w = [.. Enumerable.Range(0, 333).Select(i => i * 0.01f)];
        using var one = new GuardedMatrix(100, 333);
        using var three = new GuardedMatrix(100, 333);
        using var single = new ThreadTeam(1);
        using var triple = new ThreadTeam(3);
        RmsNorm.Apply(single, x.View, w, 1e-6f, one.View);
        RmsNorm.Apply(triple, x.View, w, 1e-6f, three.View);
        Assert.Equal(one.ToArray(), three.ToArray());
    }

    [Fact]
    public void Apply_WrongShapes_Throws()
    {
        using var x = new GuardedMatrix(2, 4);
        using var y = new GuardedMatrix(2, 5);
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.Apply(_team, x.View, [1, 1, 1], 0, x.View));
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.Apply(_team, x.View, [1, 1, 1, 1], 0, y.View));
        Assert.Throws<ShapeMismatchException>(() => RmsNorm.ApplyPerHead(_team, x.View, 3, [1, 1, 1], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RmsNorm.ApplyPerHead(_team, x.View, 0, [], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RmsNorm.Apply(_team, x.View, [1, 1, 1, 1], -1, x.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => RmsNorm.Apply(_team, x.View, [1, 1, 1, 1], float.NaN, x.View));
    }

    [Fact]
    public void Apply_PartialOverlap_Throws()
    {
        using var all = new GuardedMatrix(3, 8);
        float[] w = [1, 1, 1, 1];
        TensorView<float> x = all.View.SliceColumns(0, 4);
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply(_team, x, w, 1, all.View.SliceColumns(2, 4)));
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply(_team, x.SliceRows(0, 2), w, 1, x.SliceRows(1, 2)));
        RmsNorm.Apply(_team, x, w, 1, all.View.SliceColumns(4, 4)); // columns side by side share nothing
        RmsNorm.Apply(_team, x.SliceRows(0, 1), w, 1, x.SliceRows(1, 1));
    }
}
