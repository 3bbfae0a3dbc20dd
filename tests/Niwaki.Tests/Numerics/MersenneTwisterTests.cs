using Niwaki.Numerics;

namespace Niwaki.Tests.Numerics;

/// <summary>Expected values from CPython 3.11: <c>random.Random(seed)</c> with <c>getrandbits(32)</c> and <c>sample(range(n), k)</c>.</summary>
public sealed class MersenneTwisterTests
{
    [Fact]
    public void NextBits_Seed1234_AsCPython()
    {
        var random = new MersenneTwister(1234);
        Assert.Equal<uint>([4150886329, 3342196574, 1892932127, 501869158], [random.NextBits(), random.NextBits(), random.NextBits(), random.NextBits()]);
        for (int i = 4; i < 2000; i++)
        {
            random.NextBits();
        }

        Assert.Equal(558462902u, random.NextBits()); // the 2,001st: the state of 624 words has been renewed three times
    }

    [Fact]
    public void NextBits_LargeOrNegativeSeed_AsCPython()
    {
        Assert.Equal(2635837658u, new MersenneTwister((1L << 40) + 7).NextBits());
        Assert.Equal(1022050301u, new MersenneTwister(-3).NextBits());
        Assert.Equal(1022050301u, new MersenneTwister(3).NextBits());
    }

    [Fact]
    public void Sample_LargePopulation_AsCPython()
    {
        var random = new MersenneTwister(1234);
        Assert.Equal([6374, 3610, 957, 61, 742], random.Sample(7473, 5));
        Assert.Equal([7462, 6610, 4769, 286, 5501], random.Sample(7473, 5));
        Assert.Equal([5677, 687, 806, 6279, 2905], random.Sample(7473, 5));
    }

    /// <summary>Up to 21 members, and up to 85 for 6 to 21 drawn, a list is kept; beyond that a set of those seen.</summary>
    [Fact]
    public void Sample_EitherSideOfTheLimits_AsCPython()
    {
        var random = new MersenneTwister(1234);
        Assert.Equal([14, 3, 0, 2, 1], random.Sample(20, 5));
        Assert.Equal([2, 3, 11, 7, 0], random.Sample(20, 5));
        Assert.Equal([1, 50, 59, 22, 41, 39, 30, 54], random.Sample(60, 8));
        Assert.Equal([59, 19, 11, 23, 14, 1], random.Sample(85, 6));
        Assert.Equal([64, 62, 31, 8, 85, 69], random.Sample(86, 6));
        Assert.Equal([59, 8, 76, 11, 65, 74, 5, 34, 71, 83, 38, 61, 45, 77, 31, 25, 58, 67, 2, 80, 9], random.Sample(85, 21));
        Assert.Equal([2, 170, 73, 242, 193, 85, 27, 39, 254, 83, 38, 110, 274, 13, 177, 56, 72, 156, 232, 20, 213, 141], random.Sample(277, 22));
    }

    [Fact]
    public void Sample_WholePopulation_AsCPython()
    {
        var random = new MersenneTwister(0);
        Assert.Equal([3, 4, 0, 1, 2], random.Sample(5, 5));
        Assert.Equal([0], random.Sample(1, 1));
        Assert.Equal([19877, 31234, 23465, 38232, 14315, 33075, 9127, 18470, 9158, 6214, 16417], random.Sample(40_000, 11));
        Assert.Empty(random.Sample(0, 0));
    }

    [Fact]
    public void Sample_MoreThanThereAre_Throws()
    {
        var random = new MersenneTwister(0);
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Sample(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Sample(3, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt(0));
    }
}
