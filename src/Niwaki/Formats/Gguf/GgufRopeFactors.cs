using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>Finds the settings of Llama 3's rotary scaling from the divisors of the frequencies, which is all that a GGUF file keeps of them.</summary>
/// <remarks>
/// The largest divisor is the factor. With low and high factors 1 and 4, as in all published models, the divisors between 1 and the factor tell the
/// original context. Every power of two from 32 to 2^24 is tried, unless our own keys name other settings; the divisors must come out the same to six digits.
/// </remarks>
internal static class GgufRopeFactors
{
    /// <summary>Keys behind the architecture's prefix with which our files name settings that are not the published ones; llama.cpp reads the tensor.</summary>
    public const string LowKey = "rope.scaling.niwaki_low_freq_factor", HighKey = "rope.scaling.niwaki_high_freq_factor", OriginalKey = "rope.scaling.niwaki_original_context";

    /// <summary>The factors of all published models.</summary>
    public const double PublishedLow = 1, PublishedHigh = 4;

    /// <summary>The object <c>rope_scaling</c> of a config.json; null where all divisors are 1.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">Its divisors.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <param name="pairs">Pairs of channels of a head.</param>
    /// <param name="prefix">Of the keys of the architecture.</param>
    /// <exception cref="ModelFormatException">There is not one divisor for each pair, or one is no number from 1.</exception>
    /// <exception cref="UnsupportedModelException">No such settings give these divisors.</exception>
    public static JsonObject? Find(GgufFile file, GgufTensor tensor, double theta, int pairs, string prefix)
    {
        if (tensor.Shape.Count != 1 || tensor.Columns != pairs)
        {
            throw new ModelFormatException(file.FilePath, $"tensor '{tensor.Name}'", $"has shape {MessageText.Shape(tensor.Shape)}", $"[{pairs}], one for each pair of channels", tensor.ByteOffset);
        }

        float[] divisors = new float[pairs];
        file.Decode(tensor, 0, divisors);
        int wrong = Array.FindIndex(divisors, divisor => !(divisor >= 0.999f && float.IsFinite(divisor)));
        if (wrong >= 0)
        {
            throw new ModelFormatException(file.FilePath, $"tensor '{tensor.Name}'", $"has {divisors[wrong]} at place {wrong}", "finite numbers from 1", tensor.ByteOffset);
        }

        if (Array.TrueForAll(divisors, divisor => divisor == 1))
        {
            return null;
        }

        double factor = divisors.Max();
        double low = file.Metadata.GetDoubleOrNull(prefix + LowKey, 1e-6, 1e6) ?? PublishedLow;
        double high = file.Metadata.GetDoubleOrNull(prefix + HighKey, 1e-6, 1e6) ?? PublishedHigh;
        double? named = file.Metadata.GetDoubleOrNull(prefix + OriginalKey, 1, 1 << 30);
        IEnumerable<double> originals = named is { } one ? [one] : Enumerable.Range(5, 20).Select(power => Math.ScaleB(1, power));
        foreach (double original in originals)
        {
            if (Fits(divisors, theta, factor, low, high, original))
            {
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = low,
                    ["high_freq_factor"] = high,
                    ["original_max_position_embeddings"] = (long)original,
                };
            }
        }

        throw new UnsupportedModelException(file.FilePath, $"tensor '{GgufTensorNames.RopeFactors}'", "holds factors of an unknown rotary scaling", "those of Llama 3");
    }

    private static bool Fits(ReadOnlySpan<float> divisors, double theta, double factor, double low, double high, double original)
    {
        for (int i = 0; i < divisors.Length; i++)
        {
            double frequency = Math.Pow(theta, -(double)i / divisors.Length);
            double kept = Math.Clamp(((original * frequency / (2 * Math.PI)) - low) / (high - low), 0, 1);
            double expected = 1 / (kept + ((1 - kept) / factor));
            if (!(Math.Abs(divisors[i] - expected) <= 1e-6 * expected))
            {
                return false;
            }
        }

        return true;
    }
}
