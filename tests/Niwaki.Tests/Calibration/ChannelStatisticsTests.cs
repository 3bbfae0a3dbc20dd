using Niwaki.Calibration;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Calibration;

public sealed class ChannelStatisticsTests
{
    [Fact]
    public void Add_TwoTokens_SumsAndMoments()
    {
        var statistics = new ChannelStatistics(2);
        Add(statistics, [[1, -2], [3, 4]]);
        Assert.Equal(2, statistics.Tokens);
        Assert.Equal([4.0, 2.0], statistics.Sums.ToArray());
        Assert.Equal([4.0, 6.0], statistics.SumsOfAbsolutes.ToArray());
        Assert.Equal([10.0, 20.0], statistics.SumsOfSquares.ToArray());
        Assert.Equal(1, statistics.Mean(1));
        Assert.Equal(9, statistics.Variance(1)); // 20 / 2 − 1² = 9, the square of ±3 around 1
    }

    [Fact]
    public void Add_AnyNumberOfChannels_EqualsPlainSums()
    {
        // Sums of doubles one after another: vector lanes must give exactly the scalar numbers.
        var random = new SeededRandom(2);
        for (int channels = 0; channels <= 70; channels++)
        {
            float[][] tokens = [.. Enumerable.Range(0, 5).Select(_ => RandomRow(random, channels))];
            var statistics = new ChannelStatistics(channels);
            Add(statistics, tokens);
            for (int c = 0; c < channels; c++)
            {
                Assert.Equal(tokens.Aggregate(0.0, (sum, x) => sum + x[c]), statistics.Sums[c]);
                Assert.Equal(tokens.Aggregate(0.0, (sum, x) => sum + Math.Abs((double)x[c])), statistics.SumsOfAbsolutes[c]);
                Assert.Equal(tokens.Aggregate(0.0, (sum, x) => sum + ((double)x[c] * x[c])), statistics.SumsOfSquares[c]);
            }
        }
    }

    [Fact]
    public void Add_InPieces_SameBits()
    {
        var random = new SeededRandom(3);
        float[][] tokens = [.. Enumerable.Range(0, 9).Select(_ => RandomRow(random, 21))];
        var whole = new ChannelStatistics(21);
        Add(whole, tokens);
        var pieces = new ChannelStatistics(21);
        Add(pieces, tokens[..4]);
        Add(pieces, []);
        Add(pieces, tokens[4..]);
        Assert.Equal(whole.Tokens, pieces.Tokens);
        Assert.Equal(whole.SumsOfSquares.ToArray(), pieces.SumsOfSquares.ToArray());
        Assert.Equal(whole.Sums.ToArray(), pieces.Sums.ToArray());
    }

    [Fact]
    public void Variance_ConstantChannel_NotBelowZero()
    {
        // 0.1f ten times: rounding of the sums must not leave a negative number to take a root of.
        var statistics = new ChannelStatistics(1);
        Add(statistics, [.. Enumerable.Repeat(new[] { 0.1f }, 10)]);
        Assert.InRange(statistics.Variance(0), 0, 1e-17);
    }

    [Fact]
    public void Mean_NoTokens_NaN() => Assert.True(double.IsNaN(new ChannelStatistics(1).Mean(0)));

    [Fact]
    public void Add_OtherNumberOfChannels_Throws() =>
        Assert.Throws<ShapeMismatchException>(() => Add(new ChannelStatistics(3), [[1, 2]]));

    private static float[] RandomRow(SeededRandom random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)random.NextNormal())];

    private static void Add(ChannelStatistics statistics, float[][] tokens)
    {
        int channels = tokens.Length == 0 ? statistics.Channels : tokens[0].Length;
        using var buffer = new NativeBuffer<float>((long)tokens.Length * channels);
        var view = new TensorView<float>(buffer, tokens.Length, channels);
        for (int t = 0; t < tokens.Length; t++)
        {
            tokens[t].CopyTo(view[t]);
        }

        statistics.Add(view);
    }
}
