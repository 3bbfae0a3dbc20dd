using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class RopeTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_HalfSplit_TurnsElementsHalfAHeadApart()
    {
        // One head (1, 2, 3, 4), pairs (1, 3) and (2, 4), position 1, frequencies 1 and 0.1: cos 1 = 0.54030231, sin 1 = 0.84147098,
        // cos 0.1 = 0.99500417, sin 0.1 = 0.09983342.
        // 1·0.5403 - 3·0.8415 = -1.98411065; 2·0.9950 - 4·0.0998 = 1.59067466; 3·0.5403 + 1·0.8415 = 2.46237791; 4·0.9950 + 2·0.0998 = 4.17968352
        using var x = GuardedMatrix.From([1, 2, 3, 4]);
        Rope.Apply(_team, x.View, 4, [1], Table(4), RopePairing.HalfSplit);
        Close.Assert([-1.98411065f, 1.59067466f, 2.46237791f, 4.17968352f], x.ToArray(), 1e-6, 0);
    }

    [Fact]
    public void Apply_Adjacent_TurnsNeighbours()
    {
        // Pairs (1, 2) by 1 and (3, 4) by 0.1: 1·0.5403 - 2·0.8415 = -1.14263966; 2·0.5403 + 0.8415 = 1.92207560;
        // 3·0.9950 - 4·0.0998 = 2.58567883; 4·0.9950 + 3·0.0998 = 4.27951694
        using var x = GuardedMatrix.From([1, 2, 3, 4]);
        Rope.Apply(_team, x.View, 4, [1], Table(4), RopePairing.Adjacent);
        Close.Assert([-1.14263966f, 1.92207560f, 2.58567883f, 4.27951694f], x.ToArray(), 1e-6, 0);
    }

    [Theory]
    [InlineData(RopePairing.HalfSplit)]
    [InlineData(RopePairing.Adjacent)]
    public void Apply_OddHeadDimensionAndPartialRotation_RestUntouched(RopePairing pairing)
    {
        // Two heads of 7, of which 4 turn.
        using var x = GuardedMatrix.Normal(3, 14, 1);
        using GuardedMatrix before = x.Copy();
        Rope.Apply(_team, x.View, 7, [5, 0, 900], Table(4), pairing);
        x.AssertGuardsIntact();
        for (int row = 0; row < 3; row++)
        {
            Assert.Equal(before.View[row][4..7], x.View[row][4..7]);
            Assert.Equal(before.View[row][11..], x.View[row][11..]);
            Assert.Equal(row == 1, before.View[row][..4].SequenceEqual(x.View[row][..4])); // position 0 turns by nothing
        }
    }

    [Fact]
    public void HalfSplit_EveryLengthAndWidth_EqualsTwin()
    {
        for (int pairs = 0; pairs <= 129; pairs++)
        {
            using var angles = GuardedMatrix.Normal(2, pairs, pairs);
            using var head = GuardedMatrix.Normal(1, 2 * pairs, pairs + 500);
            using GuardedMatrix expected = head.Copy();
            RopeKernel.HalfSplitScalar(expected.View.Pointer, angles.View.RowPointer(0), angles.View.RowPointer(1), pairs);
            AssertHead<Lanes512>(head, angles, expected);
            AssertHead<Lanes256>(head, angles, expected);
            AssertHead<Lanes128>(head, angles, expected);
        }

        static void AssertHead<TLanes>(GuardedMatrix head, GuardedMatrix angles, GuardedMatrix expected)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            using GuardedMatrix x = head.Copy();
            RopeKernel.HalfSplit<TLanes>(x.View.Pointer, angles.View.RowPointer(0), angles.View.RowPointer(1), angles.View.Columns);
            Assert.Equal(expected.ToArray(), x.ToArray());
            x.AssertGuardsIntact();
        }
    }

    [Fact]
    public void Adjacent_EveryLength_EqualsTwin()
    {
        for (int pairs = 0; pairs <= 129; pairs++)
        {
            using var angles = GuardedMatrix.Normal(2, pairs, pairs);
            using var head = GuardedMatrix.Normal(1, 2 * pairs, pairs + 500);
            using GuardedMatrix expected = head.Copy();
            RopeKernel.AdjacentScalar(expected.View.Pointer, angles.View.RowPointer(0), angles.View.RowPointer(1), pairs);
            RopeKernel.Adjacent(head.View.Pointer, angles.View.RowPointer(0), angles.View.RowPointer(1), pairs);
            Assert.Equal(expected.ToArray(), head.ToArray());
            head.AssertGuardsIntact();
        }
    }

    [Fact]
    public void Apply_NaNAndInfinity_StayInTheirPair()
    {
        using var x = GuardedMatrix.From([float.NaN, 1, float.PositiveInfinity, 2, 1, 1, 1, 1]);
        Rope.Apply(_team, x.View, 8, [1], Table(8), RopePairing.Adjacent);
        float[] y = x.ToArray();
        Assert.True(float.IsNaN(y[0]) && float.IsNaN(y[1]));
        Assert.Equal(float.PositiveInfinity, y[2]);
        Assert.All(y[4..], v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Apply_WrongShapes_Throws()
    {
        using var x = new GuardedMatrix(2, 8);
        RopeTable table = Table(4);
        Assert.Throws<ShapeMismatchException>(() => Rope.Apply(_team, x.View, 3, [0, 1], table, RopePairing.HalfSplit));
        Assert.Throws<ShapeMismatchException>(() => Rope.Apply(_team, x.View, 2, [0, 1], table, RopePairing.HalfSplit));
        Assert.Throws<ShapeMismatchException>(() => Rope.Apply(_team, x.View, 4, [0], table, RopePairing.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(() => Rope.Apply(_team, x.View, 4, [0, -1], table, RopePairing.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Rope.Apply(_team, x.View, 4, [0, RopeTable.MaximumPositions], table, RopePairing.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(() => Rope.Apply(_team, x.View, 4, [0, 1], table, (RopePairing)7));
    }

    private static RopeTable Table(int rotaryDim) => RopeTable.Create(new RopeOptions { Theta = 100, RotaryDim = rotaryDim }, 0);
}
