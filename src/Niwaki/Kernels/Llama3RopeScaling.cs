namespace Niwaki.Kernels;

/// <summary>The scaling of Llama 3.1 and later: fast frequencies stay, slow ones are divided by the factor, those between are mixed.</summary>
/// <remarks>
/// With the wavelength λ = 2π/f and turns = OriginalContext/λ: unchanged for turns &gt; HighFrequencyFactor, f/Factor for
/// turns &lt; LowFrequencyFactor, else f·(s + (1 - s)/Factor) with s = (turns - low)/(high - low).
/// Source: Meta's reference model code for Llama 3.1; config.json <c>rope_type: llama3</c>.
/// </remarks>
/// <param name="Factor">Above 0; 8 in Llama 3.1, 32 in Llama 3.2.</param>
/// <param name="LowFrequencyFactor">Turns in the original context below which a frequency counts as slow, above 0; 1.</param>
/// <param name="HighFrequencyFactor">Turns above which it counts as fast, above the low one; 4.</param>
/// <param name="OriginalContext">Positions of the first training, above 0; 8192.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, double OriginalContext) : RopeScaling
{
    /// <inheritdoc />
    internal override void Validate()
    {
        RequireAbove(Factor, 0, nameof(Factor));
        RequireAbove(LowFrequencyFactor, 0, nameof(LowFrequencyFactor));
        RequireAbove(HighFrequencyFactor, LowFrequencyFactor, nameof(HighFrequencyFactor));
        RequireAbove(OriginalContext, 0, nameof(OriginalContext));
    }

    /// <inheritdoc />
    internal override void Scale(Span<double> frequencies, double theta)
    {
        foreach (ref double frequency in frequencies)
        {
            double turns = OriginalContext * frequency / (2 * Math.PI);
            double kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
            frequency = (kept * frequency) + ((1 - kept) * frequency / Factor);
        }
    }
}
