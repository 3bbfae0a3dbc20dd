namespace Niwaki.Kernels;

/// <summary>YaRN (Peng et al., 2023, sections 3.2 to 3.4): a ramp between kept and interpolated frequencies, and a factor on cos and sin.</summary>
/// <remarks>
/// The pair that turns β times in the original context has the index i(β) = d·ln(L/(2πβ))/(2·ln θ), d the rotary dimension. From low = i(BetaFast)
/// to high = i(BetaSlow), rounded outwards if <see cref="Truncate"/> and kept within 0 and d - 1, the share of f/Factor rises linearly from 0 to 1.
/// cos and sin are multiplied by <see cref="AttentionFactor"/>, where given; else by m(MScale)/m(MScaleAllDim) where both are given and not 0,
/// else by m(1), with m(s) = 0.1·s·ln(Factor) + 1 (1 for factors up to 1). These are the conventions of config.json <c>rope_type: yarn</c>.
/// </remarks>
/// <param name="Factor">How many times longer the context becomes, above 0.</param>
/// <param name="OriginalContext">Positions of the first training, L, above 0.</param>
public sealed record YarnRopeScaling(double Factor, double OriginalContext) : RopeScaling
{
    /// <summary>Turns in the original context from which on a frequency is kept, above <see cref="BetaSlow"/>; 32.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Turns up to which a frequency is wholly interpolated, above 0; 1.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>The factor on cos and sin, above 0; null: computed.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>0 or more; null: not given.</summary>
    public double? MScale { get; init; }

    /// <summary>0 or more; null: not given.</summary>
    public double? MScaleAllDim { get; init; }

    /// <summary>Whether the ends of the ramp are rounded outwards to whole pairs; true.</summary>
    public bool Truncate { get; init; } = true;

    /// <inheritdoc />
    internal override double AttentionFactorOrOne =>
        AttentionFactor
        ?? (MScale is > 0 && MScaleAllDim is > 0 ? Magnitude(MScale.Value) / Magnitude(MScaleAllDim.Value) : Magnitude(1));

    /// <inheritdoc />
    internal override void Validate()
    {
        RequireAbove(Factor, 0, nameof(Factor));
        RequireAbove(OriginalContext, 0, nameof(OriginalContext));
        RequireAbove(BetaSlow, 0, nameof(BetaSlow));
        RequireAbove(BetaFast, BetaSlow, nameof(BetaFast));
        RequireAbove(AttentionFactor ?? 1, 0, nameof(AttentionFactor));
        RequireAbove(MScale ?? 1, -double.Epsilon, nameof(MScale));
        RequireAbove(MScaleAllDim ?? 1, -double.Epsilon, nameof(MScaleAllDim));
    }

    /// <inheritdoc />
    internal override void Scale(Span<double> frequencies, double theta)
    {
        int rotaryDim = 2 * frequencies.Length;
        double low = PairThatTurns(BetaFast, rotaryDim, theta);
        double high = PairThatTurns(BetaSlow, rotaryDim, theta);
        if (Truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }

        low = Math.Max(low, 0);
        high = Math.Min(high, rotaryDim - 1);
        double length = high == low ? 0.001 : high - low; // a step where the ramp has no length
        for (int i = 0; i < frequencies.Length; i++)
        {
            double interpolated = Math.Clamp((i - low) / length, 0, 1);
            frequencies[i] = (interpolated * frequencies[i] / Factor) + ((1 - interpolated) * frequencies[i]);
        }
    }

    private double PairThatTurns(double turns, int rotaryDim, double theta) =>
        rotaryDim * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));

    private double Magnitude(double scale) => Factor <= 1 ? 1 : (0.1 * scale * Math.Log(Factor)) + 1;
}
