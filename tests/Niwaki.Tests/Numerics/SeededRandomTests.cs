using Niwaki.Numerics;

namespace Niwaki.Tests.Numerics;

public sealed class SeededRandomTests
{
    [Fact]
    public void NextBits_SameSeed_SameSequence()
    {
        var a = new SeededRandom(7, 3);
        var b = new SeededRandom(7, 3);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(a.NextBits(), b.NextBits());
        }
    }

    [Fact]
    public void NextBits_OtherStream_OtherSequence() =>
        Assert.NotEqual(new SeededRandom(7, 3).NextBits(), new SeededRandom(7, 4).NextBits());

    [Fact]
    public void NextInt_ManyDraws_EveryValueNearItsShare()
    {
        // 60,000 draws of 6 values: 10,000 each with a standard deviation of sqrt(60000 * 1/6 * 5/6) = 91; 5 of them are 456.
        var random = new SeededRandom(1);
        int[] counts = new int[6];
        for (int i = 0; i < 60_000; i++)
        {
            counts[random.NextInt(6)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 10_000 - 456, 10_000 + 456));
    }

    [Fact]
    public void NextNormal_ManyDraws_MeanZeroVarianceOne()
    {
        var random = new SeededRandom(2);
        double sum = 0;
        double squares = 0;
        const int Draws = 100_000;
        for (int i = 0; i < Draws; i++)
        {
            double x = random.NextNormal();
            sum += x;
            squares += x * x;
        }

        Assert.InRange(sum / Draws, -0.016, 0.016); // 5 standard errors of 1 / sqrt(100000)
        Assert.InRange(squares / Draws, 0.977, 1.023); // 5 standard errors of sqrt(2 / 100000)
    }

    [Fact]
    public void Shuffle_Values_KeepsThemAll()
    {
        int[] values = [.. Enumerable.Range(0, 50)];
        new SeededRandom(3).Shuffle(values.AsSpan());
        Assert.NotEqual(Enumerable.Range(0, 50), values);
        Assert.Equal(Enumerable.Range(0, 50), values.Order());
    }
}
