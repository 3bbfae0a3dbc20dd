using System.Globalization;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Export.Gguf;

/// <summary>The number of parameters as names of models show it: 260K, 4.5M, 135M, 1.2B, 70B.</summary>
internal static class ModelSizeLabel
{
    public static string Of(ModelConfig config)
    {
        double count = ParameterCounter.Count(config).Total;
        (double value, string unit) = count switch
        {
            >= 1e12 => (count / 1e12, "T"),
            >= 1e9 => (count / 1e9, "B"),
            >= 1e6 => (count / 1e6, "M"),
            _ => (count / 1e3, "K"),
        };
        return value.ToString(value < 10 ? "0.#" : "0", CultureInfo.InvariantCulture) + unit;
    }
}
