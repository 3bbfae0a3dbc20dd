using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Export.HuggingFace;

/// <summary>The config.json of an exported folder.</summary>
internal static class ExportConfigs
{
    private const string ModelType = "model_type";
    private const string Architectures = "architectures";
    private const string BaseType = "niwaki_base_type";
    private const string AutoMap = "auto_map";
    private const string SlidingWindow = "sliding_window";

    /// <summary>Fields of one kind of model that would confuse the classes of another.</summary>
    private static readonly string[] OwnFields = [BaseType, PerLayerConfig.Field, BlockConfigs.Field, AutoMap];

    /// <summary>The config.</summary>
    /// <param name="document">config.json of the source.</param>
    /// <param name="config">The same, read.</param>
    /// <param name="profile">The profile.</param>
    /// <param name="shapes">Sizes of every block in the folder.</param>
    public static ConfigDocument Of(ConfigDocument document, ModelConfig config, ShapeProfile profile, IReadOnlyList<BlockShape> shapes) => profile switch
    {
        ShapeProfile.HeteroHf => Heterogeneous(document, config, shapes),
        ShapeProfile.NemotronNas => NemotronNas(document, config, shapes),
        _ => Stock(document, config, shapes[0]),
    };

    /// <summary>The optional tensors that the blocks have in the folder.</summary>
    /// <remarks>DeciLMForCausalLM has one switch for the biases of q, k, v and o.</remarks>
    /// <param name="config">The model.</param>
    /// <param name="profile">The profile.</param>
    public static BlockFeatures Features(ModelConfig config, ShapeProfile profile) =>
        profile == ShapeProfile.NemotronNas ? config.Features with { OutputBias = config.Features.QueryKeyValueBias } : config.Features;

    /// <summary>The type of the model in stock software: the source's own, unless that refuses the number of heads.</summary>
    /// <param name="config">The model.</param>
    /// <param name="heads">Query heads of every block.</param>
    public static Architecture StockArchitecture(ModelConfig config, int heads) =>
        config.Architecture.ModelType == "llama" && config.HiddenSize % heads != 0 ? Architecture.Find("mistral")! : config.Architecture;

    private static ConfigDocument Stock(ConfigDocument document, ModelConfig config, BlockShape shape)
    {
        Architecture architecture = StockArchitecture(config, shape.Heads);
        Dictionary<string, JsonNode?> changes = Common(config, shape, architecture.ModelType, architecture.ClassName);
        if (architecture != config.Architecture)
        {
            // The default of a Mistral is a window, which a Llama does not have.
            changes[SlidingWindow] = null;
        }

        return document.With(changes).Without(OwnFields);
    }

    private static ConfigDocument NemotronNas(ConfigDocument document, ModelConfig config, IReadOnlyList<BlockShape> shapes)
    {
        var widest = new BlockShape(
            shapes.Max(shape => shape.Heads), shapes.Max(shape => shape.KeyValueHeads), Math.Max(1, shapes.Max(shape => shape.Neurons)));
        Dictionary<string, JsonNode?> changes = Common(config, widest, BlockConfigs.ModelType, "DeciLMForCausalLM");
        changes["attention_bias"] = config.Features.QueryKeyValueBias;
        changes["mlp_bias"] = config.Features.MlpBias;
        changes[BlockConfigs.Field] = BlockConfigs.Write(shapes, config.HiddenSize);
        changes[AutoMap] = new JsonObject { ["AutoConfig"] = $"{PythonFiles.DeciLmConfigurationModule}.DeciLMConfig" };
        return document.Without([.. OwnFields, SlidingWindow, "use_sliding_window", "max_window_layers", "layer_types"]).With(changes);
    }

    private static ConfigDocument Heterogeneous(ConfigDocument document, ModelConfig config, IReadOnlyList<BlockShape> shapes)
    {
        var rope = RopeTable.Create(config.Rope, 0);
        var global = new BlockShape(
            document.GetInt32OrNull("num_attention_heads", 1, int.MaxValue) ?? Math.Max(1, ShapeRules.MostHeads(config)),
            document.GetInt32OrNull("num_key_value_heads", 1, int.MaxValue) ?? Math.Max(1, shapes.Max(shape => shape.KeyValueHeads)),
            document.GetInt32OrNull("intermediate_size", 1, int.MaxValue) ?? Math.Max(1, shapes.Max(shape => shape.Neurons)));
        Dictionary<string, JsonNode?> changes = Common(config, global, Architecture.HeterogeneousModelType, "NiwakiForCausalLM");
        changes[BaseType] = config.Architecture.ModelType;
        changes[AutoMap] = new JsonObject
        {
            ["AutoConfig"] = $"{PythonFiles.ConfigurationModule}.NiwakiConfig",
            ["AutoModelForCausalLM"] = $"{PythonFiles.ModelingModule}.NiwakiForCausalLM",
        };
        JsonObject layers = PerLayerConfig.Write(shapes, global);
        for (int block = 0; block < shapes.Count; block++)
        {
            layers[block.ToString(System.Globalization.CultureInfo.InvariantCulture)]![SlidingWindow] = config.SlidingWindows[block];
        }

        changes[PerLayerConfig.Field] = layers;

        // What follows from other fields by rules that differ between families, so that the model code needs none of them.
        changes["query_key_value_bias"] = config.Features.QueryKeyValueBias;
        changes["output_bias"] = config.Features.OutputBias;
        changes["gate_up_down_bias"] = config.Features.MlpBias;
        changes["query_key_norm"] = config.Features.QueryKeyNorm;
        changes["rotary_frequencies"] = new JsonArray([.. rope.Frequencies.ToArray().Select(frequency => (JsonNode)frequency)]);
        changes["rotary_factor"] = rope.AttentionFactor;
        changes["rms_norm_eps"] = JsonNode.Parse(document.Root.TryGetProperty("rms_norm_eps", out JsonElement epsilon) ? epsilon.GetRawText() : "1e-6");
        changes["tie_word_embeddings"] = config.TiedEmbeddings;
        return document.Without(BlockConfigs.Field).With(changes);
    }

    private static Dictionary<string, JsonNode?> Common(ModelConfig config, BlockShape shape, string modelType, string className) => new(StringComparer.Ordinal)
    {
        [ModelType] = modelType,
        [Architectures] = new JsonArray((JsonNode)className),
        ["num_hidden_layers"] = config.Blocks.Count,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KeyValueHeads,
        ["intermediate_size"] = shape.Neurons,
        ["head_dim"] = config.HeadDim,
        ["hidden_act"] = "silu",
    };
}
