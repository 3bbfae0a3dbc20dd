using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;

namespace Niwaki.Models;

/// <summary>Reads the rotary embedding: <c>rope_theta</c> with <c>rope_scaling</c>, or the newer <c>rope_parameters</c> that holds both.</summary>
internal static class RopeConfigReader
{
    private const double DefaultTheta = 10_000;
    private const double SmallestTheta = 1.001; // with 1 no channel would turn slower than another
    private const double LargestTheta = 1e12;
    private const double LargestFactor = 1e6;
    private const string Supported = "'default', 'linear', 'llama3' or 'yarn'";

    public static RopeOptions Read(ConfigDocument config, int headDim)
    {
        ConfigDocument? parameters = config.GetObjectOrNull("rope_parameters") ?? config.GetObjectOrNull("rope_scaling");
        double theta = parameters?.GetDoubleOrNull("rope_theta", SmallestTheta, LargestTheta) ?? config.GetDoubleOrNull("rope_theta", SmallestTheta, LargestTheta) ?? DefaultTheta;
        double share = parameters?.GetDoubleOrNull("partial_rotary_factor", 0, 1) ?? config.GetDoubleOrNull("partial_rotary_factor", 0, 1) ?? 1;
        int rotaryDim = (int)(headDim * share);
        if (rotaryDim < 2 || rotaryDim % 2 != 0)
        {
            throw new UnsupportedModelException(
                config.File, "rotary dimension", string.Create(CultureInfo.InvariantCulture, $"is {rotaryDim} of {headDim} channels"), "an even number of 2 or more");
        }

        return new RopeOptions { Theta = theta, RotaryDim = rotaryDim, Scaling = parameters is null ? null : ReadScaling(config, parameters) };
    }

    private static RopeScaling? ReadScaling(ConfigDocument config, ConfigDocument parameters)
    {
        string type = parameters.GetStringOrNull("rope_type") ?? parameters.GetStringOrNull("type") ?? "default";
        switch (type)
        {
            case "default":
                return null;
            case "linear":
                return new LinearRopeScaling(Factor(parameters));
            case "llama3":
                double low = parameters.GetDouble("low_freq_factor", 1e-6, LargestFactor);
                double high = parameters.GetDouble("high_freq_factor", 1e-6, LargestFactor);
                if (high <= low)
                {
                    throw new ModelFormatException(
                        config.File, "'high_freq_factor'", string.Create(CultureInfo.InvariantCulture, $"is {high}"), $"more than low_freq_factor {low}");
                }

                return new Llama3RopeScaling(Factor(parameters), low, high, parameters.GetDouble("original_max_position_embeddings", 1, 1e9));
            case "yarn":
                return ReadYarn(config, parameters);
            default:
                throw new UnsupportedModelException(config.File, "rotary scaling (rope_type)", $"is '{MessageText.Shown(type)}'", Supported);
        }
    }

    private static YarnRopeScaling ReadYarn(ConfigDocument config, ConfigDocument parameters)
    {
        double original = parameters.GetDoubleOrNull("original_max_position_embeddings", 1, 1e9)
            ?? config.GetDoubleOrNull("max_position_embeddings", 1, 1e9)
            ?? 2048;
        double fast = parameters.GetDoubleOrNull("beta_fast", 1e-6, LargestFactor) ?? 32;
        double slow = parameters.GetDoubleOrNull("beta_slow", 1e-6, LargestFactor) ?? 1;
        if (fast <= slow)
        {
            throw new ModelFormatException(config.File, "'beta_fast'", string.Create(CultureInfo.InvariantCulture, $"is {fast}"), $"more than beta_slow {slow}");
        }

        return new YarnRopeScaling(Factor(parameters), original)
        {
            BetaFast = fast,
            BetaSlow = slow,
            AttentionFactor = parameters.GetDoubleOrNull("attention_factor", 1e-6, LargestFactor),
            MScale = parameters.GetDoubleOrNull("mscale", 0, LargestFactor),
            MScaleAllDim = parameters.GetDoubleOrNull("mscale_all_dim", 0, LargestFactor),
            Truncate = parameters.GetBooleanOrNull("truncate") ?? true,
        };
    }

    private static double Factor(ConfigDocument parameters) => parameters.GetDouble("factor", 1e-6, LargestFactor);
}
