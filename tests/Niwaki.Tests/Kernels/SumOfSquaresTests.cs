using Niwaki.Kernels;

namespace Niwaki.Tests.Kernels;

public sealed class SumOfSquaresTests
{
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(7, 37)]
    [InlineData(3000, 11)]
    public void Of_AnyShapeAndThreads_IsTheSumInDoublePrecision(int rows, int columns)
    {
        using var x = GuardedMatrix.Normal(rows, columns, 1);
        double expected = CentralDifference.Widen(x).Sum(value => value * value);
        using var one = new ThreadTeam(1);
        using var four = new ThreadTeam(4);
        double sum = SumOfSquares.Of(one, x.View);
        Assert.Equal(expected, sum, 1e-9 * (1 + expected));
        Assert.Equal(sum, SumOfSquares.Of(four, x.View));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Of_NotFinite_NotFinite(float value)
    {
        using var x = GuardedMatrix.From([1, 2, 3, 4, 5, 6, 7, 8, 9, value, 1]);
        using var team = new ThreadTeam(1);
        Assert.False(double.IsFinite(SumOfSquares.Of(team, x.View)));
    }
}
