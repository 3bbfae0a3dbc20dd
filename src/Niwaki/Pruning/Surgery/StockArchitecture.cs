using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Pruning.Surgery;

/// <summary>Under which type stock software loads a model of equal blocks, and whether it does.</summary>
/// <remarks>
/// The Llama config of transformers 5 refuses query heads that do not divide the hidden size. A Mistral without a window is the same arithmetic and is not
/// checked, but has no biases: a Llama with biases and such heads is loaded by nothing but this library.
/// </remarks>
internal static class StockArchitecture
{
    private const string Checked = "llama";
    private const string Unchecked = "mistral";

    /// <summary>The type: the model's own, unless stock software refuses the number of heads and another type is the same.</summary>
    /// <param name="config">The model.</param>
    /// <param name="heads">Query heads of every block, 1 or more.</param>
    /// <param name="addsBiases">Whether the projections get biases.</param>
    public static Architecture Of(ModelConfig config, int heads, bool addsBiases = false) =>
        config.Architecture.ModelType == Checked && config.HiddenSize % heads != 0 && !ShapeRules.NeedsHeadsThatDivide(config, addsBiases)
            ? Architecture.Find(Unchecked)!
            : config.Architecture;

    /// <summary>Takes the window away from a model of another type than its own: the default of a Mistral is one, which a Llama does not have.</summary>
    /// <param name="changes">Fields of the config that change.</param>
    /// <param name="config">The model.</param>
    /// <param name="stock">Its type for stock software.</param>
    public static void AddWindow(Dictionary<string, JsonNode?> changes, ModelConfig config, Architecture stock)
    {
        if (stock != config.Architecture)
        {
            changes["sliding_window"] = null;
        }
    }

    /// <summary>Whether stock software takes the number of heads.</summary>
    /// <param name="document">config.json of a model of equal blocks.</param>
    public static bool Takes(ConfigDocument document) =>
        document.GetString("model_type") != Checked
        || document.GetInt32("hidden_size", 1, int.MaxValue) % document.GetInt32("num_attention_heads", 1, int.MaxValue) == 0;
}
