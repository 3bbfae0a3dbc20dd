using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>Finds the settings of Llama 3's rotary scaling from the divisors of the frequencies, which is all that a GGUF file keeps of them.</summary>
/// <remarks>
/// The largest divisor is the factor. With low and high factors 1 and 4, as in all published models, the divisors between 1 and the factor tell the
/// original context. Every power of two from 32 to 2^24 is tried; the divisors must come out the same to six digits.
/// </remarks>
internal static class GgufRopeFactors
{
    private const double Low = 1;
    private const double High = 4;

    /// <summary>The object <c>rope_scaling</c> of a config.json; null where all divisors are 1.</summary>
    /// <param name="divisors">One for each pair of channels.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <param name="file">Path that errors name.</param>
    /// <exception cref="UnsupportedModelException">No such settings give these divisors.</exception>
    public static JsonObject? Find(ReadOnlySpan<float> divisors, double theta, string file)
    {
        double factor = 1;
        foreach (float divisor in divisors)
        {
            factor = Math.Max(factor, divisor);
        }

        if (divisors.IndexOfAnyExcept(1f) < 0)
        {
            return null;
        }

        for (double original = 32; original <= 1 << 24; original *= 2)
        {
            if (Fits(divisors, theta, factor, original))
            {
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = Low,
                    ["high_freq_factor"] = High,
                    ["original_max_position_embeddings"] = (long)original,
                };
            }
        }

        throw new UnsupportedModelException(file, $"tensor '{GgufTensorNames.RopeFactors}'", "holds factors of an unknown rotary scaling", "those of Llama 3");
    }

    private static bool Fits(ReadOnlySpan<float> divisors, double theta, double factor, double original)
    {
        for (int i = 0; i < divisors.Length; i++)
        {
            double frequency = Math.Pow(theta, -(double)i / divisors.Length);
            double kept = Math.Clamp(((original * frequency / (2 * Math.PI)) - Low) / (High - Low), 0, 1);
            double expected = 1 / (kept + ((1 - kept) / factor));
            if (Math.Abs(divisors[i] - expected) > 1e-6 * expected)
            {
                return false;
            }
        }

        return true;
    }
}
