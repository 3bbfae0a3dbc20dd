using Niwaki.Kernels;

namespace Niwaki.Tests.Kernels;

public sealed class RopeTableTests
{
    private static readonly Llama3RopeScaling Llama31 = new(Factor: 8, LowFrequencyFactor: 1, HighFrequencyFactor: 4, OriginalContext: 8192);

    [Fact]
    public void Create_NoScaling_PowersOfTheta()
    {
        // 100^(-2i/4): 1, 1/10.
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 100, RotaryDim = 4 }, 3);
        Assert.Equal([1, 0.1f], table.Frequencies);
        Assert.Equal(3, table.Positions);
        Assert.Equal(1, table.AttentionFactor);

        // Position 2: angles 2 and 0.2.
        Close.Assert([-0.41614684f, 0.98006658f], table.Cos(2), 1e-7, 0);
        Close.Assert([0.90929743f, 0.19866933f], table.Sin(2), 1e-7, 0);
    }

    [Fact]
    public void Create_Linear_FrequenciesDivided()
    {
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 100, RotaryDim = 4, Scaling = new LinearRopeScaling(4) }, 0);
        Assert.Equal([0.25f, 0.025f], table.Frequencies);
    }

    [Fact]
    public void Create_Llama31_KnownFrequencies()
    {
        // theta 500000, 64 pairs. Turns in 8192 positions: 8192·f/(2π).
        // Pair 0: f = 1, 1304 turns, more than 4: kept. Pair 28: f = 500000^(-28/64) = 3.2114e-3, 4.19 turns: kept, the last one.
        // Pair 32: f = 500000^(-1/2) = 1.41421356e-3, 1.843848 turns: s = 0.843848/3 = 0.2812826, f·(0.2812826 + 0.7187174/8) = 5.2484616e-4.
        // Pair 35: 0.997 turns: f/8, the first one. Pair 63: 500000^(-63/64) = 2.455141e-6, divided by 8 = 3.068926e-7.
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 500000, RotaryDim = 128, Scaling = Llama31 }, 0);
        ReadOnlySpan<float> f = table.Frequencies;
        Assert.Equal(1, f[0]);
        Assert.Equal((float)Math.Pow(500000, -28 / 64.0), f[28]);
        Assert.Equal(5.2484616e-4, f[32], 1e-10);
        Assert.Equal((float)(Math.Pow(500000, -35 / 64.0) / 8), f[35]);
        Assert.Equal(3.0689260e-7, f[63], 1e-13);
        Assert.Equal(1, table.AttentionFactor);
    }

    [Fact]
    public void Create_Yarn_RampBetweenKeptAndInterpolated()
    {
        // Qwen 2.5: theta 1e6, 64 pairs, factor 4, 32768 positions. i(32) = 128·ln(32768/(64π))/(2·ln 1e6) = 23.6, down to 23;
        // i(1) = 128·ln(32768/(2π))/(2·ln 1e6) = 39.65, up to 40. Pair 31: ramp 8/17, f·(9/17 + 8/17/4) = f·11/17.
        var scaling = new YarnRopeScaling(Factor: 4, OriginalContext: 32768);
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 1e6, RotaryDim = 128, Scaling = scaling }, 2);
        ReadOnlySpan<float> f = table.Frequencies;
        Assert.Equal((float)Math.Pow(1e6, -46 / 128.0), f[23]);
        Assert.Equal(Math.Pow(1e6, -62 / 128.0) * 11 / 17, f[31], 1e-10);
        Assert.Equal((float)(Math.Pow(1e6, -80 / 128.0) / 4), f[40]);

        // 0.1·ln 4 + 1 on cos and sin.
        Assert.Equal(1.1386294f, table.AttentionFactor);
        Assert.Equal(1.1386294f, table.Cos(0)[0]);
        Assert.Equal(0, table.Sin(0)[0]);
        Assert.Equal(1.1386294 * Math.Sin(1), table.Sin(1)[0], 1e-6);
    }

    [Fact]
    public void Create_YarnNotTruncated_RampFromTheExactPair()
    {
        // low = 23.596, high = 39.651: pair 31 lies (31 - low)/(high - low) up the ramp.
        double low = 128 * Math.Log(32768 / (64 * Math.PI)) / (2 * Math.Log(1e6));
        double high = 128 * Math.Log(32768 / (2 * Math.PI)) / (2 * Math.Log(1e6));
        double ramp = (31 - low) / (high - low);
        var scaling = new YarnRopeScaling(4, 32768) { Truncate = false };
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 1e6, RotaryDim = 128, Scaling = scaling }, 0);
        Assert.Equal(Math.Pow(1e6, -62 / 128.0) * (1 - (0.75 * ramp)), table.Frequencies[31], 1e-10);
    }

    [Fact]
    public void AttentionFactor_YarnSettings_FollowTheirPrecedence()
    {
        // m(s) = 0.1·s·ln 40 + 1: m(1) = 1.3688879, m(0.707) = 1.2608038; their quotient is 1.0857264.
        Assert.Equal(1.3688879f, Factor(new YarnRopeScaling(40, 4096)), 1e-6f);
        Assert.Equal(1.0857264f, Factor(new YarnRopeScaling(40, 4096) { MScale = 1, MScaleAllDim = 0.707 }), 1e-6f);
        Assert.Equal(1.3688879f, Factor(new YarnRopeScaling(40, 4096) { MScale = 0.707 }), 1e-6f); // one of the two alone says nothing
        Assert.Equal(0.5f, Factor(new YarnRopeScaling(40, 4096) { MScale = 1, MScaleAllDim = 0.707, AttentionFactor = 0.5 }));
        Assert.Equal(1f, Factor(new YarnRopeScaling(0.5, 4096)));

        static float Factor(RopeScaling scaling) => RopeTable.Create(new RopeOptions { RotaryDim = 64, Scaling = scaling }, 0).AttentionFactor;
    }

    [Fact]
    public void Cos_PositionBeyondTheTable_Grows()
    {
        RopeTable table = RopeTable.Create(new RopeOptions { Theta = 100, RotaryDim = 2 }, 4);
        float before = table.Cos(3)[0];
        Assert.Equal(Math.Cos(1000), table.Cos(1000)[0], 1e-7);
        Assert.True(table.Positions >= 1001);
        Assert.Equal(before, table.Cos(3)[0]);
    }

    // The longest array has 2^31 - 57 elements: 16,777,215 positions of 128, one fewer than there are of smaller heads, and 8,388,607 of 256.
    [Theory]
    [InlineData(5, 4, 64, 8)]
    [InlineData(9, 4, 64, 9)]
    [InlineData(8_388_609, 8_388_608, 64, 16_777_216)]
    [InlineData(8_388_609, 8_388_608, 128, 16_777_215)]
    [InlineData(5_000_001, 5_000_000, 256, 8_388_607)]
    public void GrownPositions_UpToTheLongestArray_AreTwiceAsMany(int asked, int held, int rotaryDim, int expected) =>
        Assert.Equal(expected, RopeTable.GrownPositions(asked, held, rotaryDim));

    [Fact]
    public void Create_MorePositionsThanAnArrayHolds_SaysHowMany()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => RopeTable.Create(new RopeOptions { RotaryDim = 128 }, RopeTable.MaximumPositions));
        Assert.Contains("expected at most 16777215", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_InvalidOptions_Throws()
    {
        Assert.All(
            [
                new RopeOptions { RotaryDim = 3 },
                new RopeOptions { RotaryDim = 0 },
                new RopeOptions { RotaryDim = 4, Theta = 1 },
                new RopeOptions { RotaryDim = 4, Theta = double.PositiveInfinity },
                new RopeOptions { RotaryDim = 4, Scaling = new LinearRopeScaling(0) },
                new RopeOptions { RotaryDim = 4, Scaling = Llama31 with { HighFrequencyFactor = 1 } },
                new RopeOptions { RotaryDim = 4, Scaling = Llama31 with { OriginalContext = double.NaN } },
                new RopeOptions { RotaryDim = 4, Scaling = new YarnRopeScaling(-1, 4096) },
                new RopeOptions { RotaryDim = 4, Scaling = new YarnRopeScaling(4, 4096) { BetaFast = 1 } },
                new RopeOptions { RotaryDim = 4, Scaling = new YarnRopeScaling(4, 4096) { AttentionFactor = 0 } },
                new RopeOptions { RotaryDim = 4, Scaling = new YarnRopeScaling(4, 4096) { MScale = -1 } },
            ],
            options => Assert.Throws<ArgumentOutOfRangeException>(() => RopeTable.Create(options, 1)));
        var valid = new RopeOptions { RotaryDim = 4 };
        Assert.Throws<ArgumentOutOfRangeException>(() => RopeTable.Create(valid, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RopeTable.Create(valid, RopeTable.MaximumPositions + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RopeTable.Create(valid, 1).Cos(-1)[0]);
    }
}
