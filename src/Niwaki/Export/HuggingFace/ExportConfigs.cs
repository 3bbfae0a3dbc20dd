using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Surgery;

namespace Niwaki.Export.HuggingFace;

/// <summary>The config.json of an exported folder.</summary>
internal static class ExportConfigs
{
    private const string ModelType = "model_type";
    private const string Architectures = "architectures";
    private const string BaseType = "niwaki_base_type";
    private const string SlidingWindow = "sliding_window";
    private const string NormEpsilon = "rms_norm_eps";
    private const string TiedEmbeddings = "tie_word_embeddings";
    private const string RopeTheta = "rope_theta";
    private const string RopeScalingField = "rope_scaling";
    private const string RopeParameters = "rope_parameters";
    private const string RopeType = "rope_type";
    private const string OldRopeType = "type";
    private const string RotaryShare = "partial_rotary_factor";
    private const string OriginalContext = "original_max_position_embeddings";

    /// <summary>Fields of one kind of model that would confuse the classes of another.</summary>
    private static readonly string[] OwnFields = [BaseType, PerLayerConfig.Field, BlockConfigs.Field, ConfigDocument.RemoteCode];

    /// <summary>Fields that <c>rope_parameters</c> may hold and <c>rope_scaling</c> must not, or holds under one name only.</summary>
    private static readonly string[] NoScalingFields = [RopeTheta, RotaryShare, RopeType, OldRopeType];

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

    private static ConfigDocument Stock(ConfigDocument document, ModelConfig config, BlockShape shape)
    {
        Architecture architecture = StockArchitecture.Of(config, shape.Heads);
        Dictionary<string, JsonNode?> changes = Common(config, shape, architecture.ModelType, architecture.ClassName);
        StockArchitecture.AddWindow(changes, config, architecture);
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
        changes[ConfigDocument.RemoteCode] = new JsonObject { ["AutoConfig"] = $"{PythonFiles.DeciLmConfigurationModule}.DeciLMConfig" };
        AddDefaults(changes, document, config);
        return document.Without([.. OwnFields, SlidingWindow, "use_sliding_window", "max_window_layers", "layer_types", RopeParameters]).With(changes);
    }

    /// <summary>
    /// Fields that runtimes of DeciLMForCausalLM fill in differently where they are missing: mlx-lm takes a theta of 500,000 and an epsilon of 1e-5, transformers 4
    /// ties the embeddings, vLLM knows no rotary positions without theta. None of them but transformers 5 reads <c>rope_parameters</c>.
    /// </summary>
    private static void AddDefaults(Dictionary<string, JsonNode?> changes, ConfigDocument document, ModelConfig config)
    {
        ConfigDocument? stored = document.GetObjectOrNull(RopeParameters) ?? document.GetObjectOrNull(RopeScalingField);
        changes[RopeTheta] = config.Rope.Theta;
        changes[RopeScalingField] = stored is null ? null : Scaling(stored, config.Rope.Scaling);
        changes[NormEpsilon] = Epsilon(document);
        changes[TiedEmbeddings] = config.TiedEmbeddings;
        changes["max_position_embeddings"] = config.ContextLength;
        if (stored is not null && stored.Has(RotaryShare))
        {
            changes[RotaryShare] = Raw(stored, RotaryShare);
        }
    }

    /// <summary>The rotary scaling with its kind under the newer name, which mlx-lm wants; null where there is none.</summary>
    private static JsonObject? Scaling(ConfigDocument stored, RopeScaling? scaling)
    {
        if (scaling is null)
        {
            return null;
        }

        var written = new JsonObject { [RopeType] = stored.GetStringOrNull(RopeType) ?? stored.GetString(OldRopeType) };
        foreach (string name in stored.Names.Except(NoScalingFields, StringComparer.Ordinal))
        {
            written[name] = Raw(stored, name);
        }

        if (scaling is YarnRopeScaling yarn)
        {
            written[OriginalContext] ??= (JsonNode)yarn.OriginalContext;
        }

        return written;
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
        changes[ConfigDocument.RemoteCode] = new JsonObject
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
        changes[NormEpsilon] = Epsilon(document);
        changes[TiedEmbeddings] = config.TiedEmbeddings;
        return document.Without(BlockConfigs.Field).With(changes);
    }

    /// <summary>The epsilon of the norms as it is spelled, or the default of the stock classes.</summary>
    private static JsonNode? Epsilon(ConfigDocument document) => document.Has(NormEpsilon) ? Raw(document, NormEpsilon) : JsonNode.Parse("1e-6");

    /// <summary>A value with the spelling of its numbers.</summary>
    private static JsonNode? Raw(ConfigDocument document, string name) => JsonNode.Parse(document.Root.GetProperty(name).GetRawText());

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
