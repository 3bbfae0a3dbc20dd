using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class RopeGradientTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Theory]
    [InlineData(RopePairing.HalfSplit, 8, 8)]
    [InlineData(RopePairing.HalfSplit, 9, 6)]
    [InlineData(RopePairing.HalfSplit, 72, 70)]
    [InlineData(RopePairing.Adjacent, 10, 10)]
    public void Gradient_AnyPairing_IsTheTransposeOfTheRotation(RopePairing pairing, int headDim, int rotaryDim)
    {
        // <Rx, c> = <x, Rᵀc> for all x and c; R is linear, so x = random and c = random decide with probability one.
        var table = RopeTable.Create(new RopeOptions { RotaryDim = rotaryDim, Theta = 100 }, 8);
        using var x = GuardedMatrix.Normal(5, 3 * headDim, 1);
        using var c = GuardedMatrix.Normal(5, 3 * headDim, 2);
        int[] positions = [0, 7, 3, 100, 2];
        double[] before = CentralDifference.Widen(x), direction = CentralDifference.Widen(c);
        Rope.Apply(_team, x.View, headDim, positions, table, pairing);
        Rope.Gradient(_team, c.View, headDim, positions, table, pairing);
        c.AssertGuardsIntact();
        double expected = CentralDifference.Dot(CentralDifference.Widen(x), direction);
        Assert.Equal(expected, CentralDifference.Dot(before, CentralDifference.Widen(c)), 1e-4);

        // A rotation turned back is what was there, in every element.
        Rope.Gradient(_team, x.View, headDim, positions, table, pairing);
        Close.Assert([.. before.Select(v => (float)v)], x.ToArray(), 1e-5, 1e-5);
    }

    [Fact]
    public void HalfSplit_EveryLengthAndWidth_EqualsTwin()
    {
        for (int pairs = 0; pairs <= 130; pairs++)
        {
            using var angles = GuardedMatrix.Normal(2, pairs, 5);
            using var expected = GuardedMatrix.Normal(1, 2 * pairs, pairs);
            using GuardedMatrix a = expected.Copy(), b = expected.Copy(), c = expected.Copy();
            float* cos = angles.View.RowPointer(0);
            float* sin = angles.View.RowPointer(1);
            RopeGradientKernel.Scalar(expected.View.Pointer, pairs, 1, cos, sin, 0, pairs);
            RopeGradientKernel.HalfSplit<Lanes512>(a.View.Pointer, cos, sin, pairs);
            RopeGradientKernel.HalfSplit<Lanes256>(b.View.Pointer, cos, sin, pairs);
            RopeGradientKernel.HalfSplit<Lanes128>(c.View.Pointer, cos, sin, pairs);
            foreach (GuardedMatrix actual in new[] { a, b, c })
            {
                actual.AssertGuardsIntact();
                Close.Assert(expected.ToArray(), actual.ToArray(), 1e-6, 1e-6);
            }
        }
    }

    [Fact]
    public void Gradient_WrongShapes_Throw()
    {
        var table = RopeTable.Create(new RopeOptions { RotaryDim = 4, Theta = 100 }, 8);
        using var x = new GuardedMatrix(2, 8);
        Assert.Throws<ShapeMismatchException>(() => Rope.Gradient(_team, x.View, 3, [0, 1], table, RopePairing.HalfSplit));
        Assert.Throws<ShapeMismatchException>(() => Rope.Gradient(_team, x.View, 4, [0], table, RopePairing.HalfSplit));
        Assert.Throws<ArgumentOutOfRangeException>(() => Rope.Gradient(_team, x.View, 4, [0, -1], table, RopePairing.HalfSplit));
    }
}
