using Niwaki.Generation;
using Niwaki.Numerics;

namespace Niwaki.Tests.Generation;

public sealed class SamplerTests
{
    /// <summary>Logits ln 1, ln 4, ln 2, ln 1: probabilities 1/8, 1/2, 1/4, 1/8.</summary>
    private static readonly float[] Logits = [0, MathF.Log(4), MathF.Log(2), 0];

    [Fact]
    public void Next_TemperatureZero_MostProbableWithoutARandomNumber()
    {
        var random = new SeededRandom(1);
        Assert.Equal(1, new Sampler(SamplingOptions.Greedy).Next(Logits, random));
        Assert.Equal(new SeededRandom(1).NextBits(), random.NextBits());
    }

    [Fact]
    public void Next_TemperatureZeroAndTie_SmallestId() =>
        Assert.Equal(1, new Sampler(SamplingOptions.Greedy).Next([0f, 2f, 2f, 1f], new SeededRandom(0)));

    [Theory]
    [InlineData(1, 0, 1.0, new[] { 0.125, 0.5, 0.25, 0.125 })]
    [InlineData(0.5, 0, 1.0, new[] { 1 / 22.0, 16 / 22.0, 4 / 22.0, 1 / 22.0 })] // weights squared: 1, 16, 4, 1
    [InlineData(1, 4, 1.0, new[] { 0.125, 0.5, 0.25, 0.125 })] // as many as there are: no cut
    [InlineData(1, 2, 1.0, new[] { 0, 2 / 3.0, 1 / 3.0, 0 })]
    [InlineData(1, 3, 1.0, new[] { 1 / 7.0, 4 / 7.0, 2 / 7.0, 0 })] // of the two last, equal ones the smaller id stays
    [InlineData(1, 0, 0.5, new[] { 0, 1.0, 0, 0 })] // the best token alone reaches 0.5
    [InlineData(1, 0, 0.51, new[] { 0, 2 / 3.0, 1 / 3.0, 0 })]
    [InlineData(1, 0, 0.8, new[] { 1 / 7.0, 4 / 7.0, 2 / 7.0, 0 })] // 1/2 + 1/4 is short of 0.8, the smaller id of the equal ones comes first
    [InlineData(1, 0, 0.01, new[] { 0, 1.0, 0, 0 })] // never less than one token
    [InlineData(1, 3, 0.55, new[] { 0, 1.0, 0, 0 })] // top-k first: of 7/8 the best has 4/7 = 0.571 and reaches 0.55 alone
    [InlineData(0.5, 0, 0.7, new[] { 0, 1.0, 0, 0 })] // temperature first: 16/22 = 0.727 reaches 0.7 alone
    public void Next_ManyDraws_EveryTokenAtItsShare(double temperature, int topK, double topP, double[] expected)
    {
        const int Draws = 20_000;
        var sampler = new Sampler(new SamplingOptions(temperature, topK, topP));
        var random = new SeededRandom(11);
        int[] counts = new int[Logits.Length];
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Next(Logits, random)]++;
        }

        for (int id = 0; id < counts.Length; id++)
        {
            // 5 standard deviations of a binomial count; 0 exactly where a token is cut off.
            double tolerance = 5 * Math.Sqrt(Draws * expected[id] * (1 - expected[id]));
            Assert.InRange(counts[id], (expected[id] * Draws) - tolerance, (expected[id] * Draws) + tolerance);
        }
    }

    [Fact]
    public void Next_AllEqualAndTinyNucleus_SmallestId()
    {
        // 1,000 equal tokens: 0.0001 is less than one of them has.
        var sampler = new Sampler(new SamplingOptions(1, 0, 0.0001));
        Assert.Equal(0, sampler.Next(new float[1000], new SeededRandom(3)));
    }

    [Fact]
    public void Next_CutsThatLeaveEverything_SameTokensAsWithoutCuts()
    {
        // With k one below the vocabulary and a last token that is never drawn, the two ways through the sampler must agree in distribution,
        // and here, where tokens are in falling order already, draw by draw.
        float[] falling = [.. Enumerable.Range(0, 50).Select(i => -0.1f * i), -1000f];
        var all = new Sampler(new SamplingOptions(1));
        var best = new Sampler(new SamplingOptions(1, 50));
        var first = new SeededRandom(8);
        var second = new SeededRandom(8);
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(all.Next(falling, first), best.Next(falling, second));
        }
    }

    [Fact]
    public void Next_ForbiddenTokens_NeverDrawn()
    {
        var sampler = new Sampler(new SamplingOptions(100));
        var random = new SeededRandom(4);
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(1, sampler.Next([float.NegativeInfinity, -3f, float.NegativeInfinity], random));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-310)]
    [InlineData(1)]
    public void Next_HugeLogits_NoOverflow(double temperature) =>
        Assert.Equal(2, new Sampler(new SamplingOptions(temperature)).Next([-3e38f, 0, 3e38f], new SeededRandom(0)));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Next_LogitThatIsNoNumber_ThrowsWithItsId(float logit)
    {
        NonFiniteLogitException error = Assert.Throws<NonFiniteLogitException>(
            () => new Sampler(SamplingOptions.Greedy).Next([0, logit], new SeededRandom(0)));
        Assert.StartsWith("Logit 1 is ", error.Message, StringComparison.Ordinal);
        Assert.Equal((1, logit), (error.Id, error.Logit));
    }

    [Fact]
    public void Next_NoTokenAllowed_Throws()
    {
        var sampler = new Sampler(new SamplingOptions());
        Assert.Throws<ArgumentException>(() => sampler.Next([], new SeededRandom(0)));
        Assert.Throws<ArgumentException>(() => sampler.Next([float.NegativeInfinity], new SeededRandom(0)));
    }

    [Fact]
    public void Constructor_OptionsOutOfRange_NamesAllFaults()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new Sampler(new SamplingOptions(-1, -2, 3)));
        Assert.Contains("Temperature is -1", error.Message, StringComparison.Ordinal);
        Assert.Contains("TopK is -2", error.Message, StringComparison.Ordinal);
        Assert.Contains("TopP is 3", error.Message, StringComparison.Ordinal);
    }
}
