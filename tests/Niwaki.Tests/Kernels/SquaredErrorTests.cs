using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class SquaredErrorTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 33)]
    [InlineData(300, 257)]
    public void Of_AnyShape_IsTheSumAndAddsTheGradient(int rows, int columns)
    {
        using var team = new ThreadTeam(2);
        using var x = GuardedMatrix.Normal(rows, columns, 1);
        using var target = GuardedMatrix.Normal(rows, columns, 2);
        using var gradient = GuardedMatrix.Normal(rows, columns, 3);
        float[] before = gradient.ToArray();
        double sum = SquaredError.Of(team, x.View, target.View, 0.5f, gradient.View);
        gradient.AssertGuardsIntact();

        float[] differences = [.. x.ToArray().Zip(target.ToArray(), (a, b) => a - b)];
        double expected = differences.Sum(value => (double)value * value);
        Assert.Equal(expected, sum, expected * 1e-12);
        Assert.Equal(before.Zip(differences, (b, d) => b + (0.5f * d)), gradient.ToArray());
        Assert.Equal(sum, SquaredError.Of(team, x.View, target.View));
        Assert.Throws<ShapeMismatchException>(() => SquaredError.Of(team, x.View, target.View.SliceRows(0, rows - 1)));
    }
}
