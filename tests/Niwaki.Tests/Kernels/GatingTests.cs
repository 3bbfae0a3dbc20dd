using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class GatingTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_Gates_ScaleTheirGroups()
    {
        using var x = GuardedMatrix.From([1, 2, 3, 4, 5, 6], [-1, -2, -3, -4, -5, -6]);
        Gating.Apply(_team, x.View, 2, [1, 0.5f, 0]);
        Assert.Equal([1, 2, 1.5f, 2, 0, 0, -1, -2, -1.5f, -2, 0, 0], x.ToArray());
        x.AssertGuardsIntact();
    }

    [Fact]
    public void Apply_ClosedGateOverNaN_Zero()
    {
        using var x = GuardedMatrix.From([float.NaN, float.PositiveInfinity, float.NaN]);
        Gating.Apply(_team, x.View, 1, [0, 0, 2]);
        Assert.Equal([0, 0, float.NaN], x.ToArray());
    }

    [Fact]
    public void Scale_EveryLength_EqualsTwin()
    {
        for (int n = 0; n <= 257; n++)
        {
            using var x = GuardedMatrix.Normal(1, n, n);
            using GuardedMatrix expected = x.Copy();
            GatingKernel.ScaleScalar(expected.View.Pointer, n, 0.3f);
            GatingKernel.Scale(x.View.Pointer, n, 0.3f);
            Assert.Equal(expected.ToArray(), x.ToArray());
            x.AssertGuardsIntact();
        }
    }

    [Fact]
    public void Apply_WrongShapes_Throws()
    {
        using var x = new GuardedMatrix(2, 6);
        Assert.Throws<ShapeMismatchException>(() => Gating.Apply(_team, x.View, 2, [1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gating.Apply(_team, x.View, 0, []));
    }
}
