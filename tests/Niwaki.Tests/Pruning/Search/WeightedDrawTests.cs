using Niwaki.Numerics;
using Niwaki.Pruning.Search;

namespace Niwaki.Tests.Pruning.Search;

public sealed class WeightedDrawTests
{
    [Fact]
    public void Draw_OneOfThree_FollowsTheWeights()
    {
        // 30,000 draws with weights 1:2:3: shares 1/6, 1/3, 1/2; the standard deviations of the counts are at most sqrt(30000/4) = 87; 5 are 433.
        var random = new SeededRandom(1);
        int[] counts = new int[3];
        for (int i = 0; i < 30_000; i++)
        {
            counts[WeightedDraw.Draw([1, 2, 3], 1, random)[0]]++;
        }

        Assert.InRange(counts[0], 5_000 - 433, 5_000 + 433);
        Assert.InRange(counts[1], 10_000 - 433, 10_000 + 433);
        Assert.InRange(counts[2], 15_000 - 433, 15_000 + 433);
    }

    [Fact]
    public void Draw_TwoOfThree_HasTheProbabilitiesOfDrawingOneAfterAnother()
    {
        // Weights 1, 2, 3. Item 0 is missing with P(1 then 2) + P(2 then 1) = 2/6·3/4 + 3/6·2/3 = 7/12. 12,000 draws: 7,000 ± 5·54.
        var random = new SeededRandom(2);
        int missing = 0;
        for (int i = 0; i < 12_000; i++)
        {
            missing += WeightedDraw.Draw([1, 2, 3], 2, random).Contains(0) ? 0 : 1;
        }

        Assert.InRange(missing, 7_000 - 270, 7_000 + 270);
    }

    [Fact]
    public void Draw_WeightZero_ComesOnlyWhenNothingElseIsLeft()
    {
        var random = new SeededRandom(3);
        for (int i = 0; i < 100; i++)
        {
            Assert.DoesNotContain(1, WeightedDraw.Draw([1, 0, 1], 2, random));
        }

        Assert.Equal([0, 1, 2], WeightedDraw.Draw([1, double.NaN, 1], 3, random));
    }

    [Fact]
    public void Draw_AllWeightsZero_DrawsEvenly()
    {
        // 9,000 draws of one of three: 3,000 each, standard deviation sqrt(9000·2/9) = 45; 5 are 224.
        var random = new SeededRandom(4);
        int[] counts = new int[3];
        for (int i = 0; i < 9_000; i++)
        {
            counts[WeightedDraw.Draw([0, 0, 0], 1, random)[0]]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 3_000 - 224, 3_000 + 224));
    }

    [Fact]
    public void Draw_MoreThanThereAre_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightedDraw.Draw([1, 1], 3, new SeededRandom(0)));
}
