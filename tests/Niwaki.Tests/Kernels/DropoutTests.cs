using Niwaki.Kernels;

namespace Niwaki.Tests.Kernels;

public sealed class DropoutTests : IDisposable
{
    private readonly ThreadTeam _team = new(3);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_SomeRate_DropsThatShareAndKeepsTheMean()
    {
        using var x = new GuardedMatrix(200, 501);
        for (int row = 0; row < 200; row++)
        {
            x.View[row].Fill(2);
        }

        using var y = new GuardedMatrix(200, 501);
        Dropout.Apply(_team, x.View, y.View, 0.25, 3, 7);
        y.AssertGuardsIntact();

        // Elements that stay are 2 · 3 / 0.75 = 8; 100,200 draws of 0.25 deviate by 0.0014 each standard deviation.
        float[] values = y.ToArray();
        Assert.All(values, value => Assert.True(value is 0 or 8, $"{value}"));
        Assert.Equal(0.25, values.Count(value => value == 0) / (double)values.Length, 0.007);

        // No row or column is like another.
        Assert.NotEqual(values[..501], values[501..1002]);
        Assert.InRange(Enumerable.Range(0, 501).Min(column => Enumerable.Range(0, 200).Count(row => values[(row * 501) + column] == 0)), 20, 50);
    }

    [Fact]
    public void Apply_SameSeed_DropsTheSameElementsWhateverTheThreads()
    {
        using var x = GuardedMatrix.Normal(90, 77, 1);
        using var first = new GuardedMatrix(90, 77);
        using var second = new GuardedMatrix(90, 77);
        using var other = new GuardedMatrix(90, 77);
        using var alone = new ThreadTeam(1);
        Dropout.Apply(_team, x.View, first.View, 0.5, 1, 11);
        Dropout.Apply(alone, x.View, second.View, 0.5, 1, 11);
        Dropout.Apply(alone, x.View, other.View, 0.5, 1, 12);
        Assert.Equal(first.ToArray(), second.ToArray());
        Assert.NotEqual(first.ToArray(), other.ToArray());

        // Added a second time, what stayed doubles.
        Dropout.Apply(_team, x.View, first.View, 0.5, 1, 11, accumulate: true);
        Assert.Equal(second.ToArray().Select(value => 2 * value), first.ToArray());
    }

    [Fact]
    public void Apply_RateOf0_IsAProductAndOthersAreRefused()
    {
        using var x = GuardedMatrix.Normal(3, 9, 1);
        using var y = new GuardedMatrix(3, 9);
        Dropout.Apply(_team, x.View, y.View, 0, 0.5f, 1);
        Assert.Equal(x.ToArray().Select(value => value * 0.5f), y.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => Dropout.Apply(_team, x.View, y.View, 1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dropout.Apply(_team, x.View, y.View, double.NaN, 1, 1));
        Assert.Throws<Niwaki.Tensors.ShapeMismatchException>(() => Dropout.Apply(_team, x.View, y.View.SliceRows(0, 2), 0, 1, 1));
    }
}
