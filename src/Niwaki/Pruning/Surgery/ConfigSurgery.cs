using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Pruning.Surgery;

/// <summary>Makes the config.json of a cut model from that of its source.</summary>
/// <remarks>
/// Where all blocks have the same sizes and both sub-layers, stock software can load the model: the source's own <c>model_type</c> stays, or that of
/// <see cref="StockArchitecture"/>. Else the model is a <c>niwaki</c> one, with the sizes of every block in <c>per_layer_config</c>. All other fields stay
/// as they are.
/// </remarks>
internal static class ConfigSurgery
{
    private const string ModelType = "model_type";
    private const string BaseType = "niwaki_base_type";
    private const string Architectures = "architectures";
    private const string Heads = "num_attention_heads";
    private const string KeyValueHeads = "num_key_value_heads";
    private const string Neurons = "intermediate_size";
    private const string SlidingWindow = "sliding_window";
    private const string MaxWindowLayers = "max_window_layers";

    /// <summary>Fields that hold a list with one entry for every block, in whatever model has them.</summary>
    private static readonly string[] PerBlockLists =
        ["layer_types", "mlp_layer_types", "layers_block_type", "no_rope_layers", SlidingWindow, "sliding_window_pattern"];

    /// <summary>Whether stock software can load a model by its config: no <c>niwaki</c> one, and no heads that it refuses.</summary>
    /// <param name="document">config.json of the model.</param>
    public static bool IsStock(ConfigDocument document) =>
        document.GetString(ModelType) != Architecture.HeterogeneousModelType && StockArchitecture.Takes(document);

    /// <summary>The config of what stays.</summary>
    /// <param name="document">config.json of the source.</param>
    /// <param name="config">The same, read.</param>
    /// <param name="selection">What stays.</param>
    /// <param name="hasBiases">Whether every projection gets a bias.</param>
    public static ConfigDocument Apply(ConfigDocument document, ModelConfig config, ModelSelection selection, bool hasBiases = false)
    {
        IReadOnlyList<int> kept = selection.KeptBlocks;
        IReadOnlyList<BlockShape> blocks = config.Select(selection).Blocks;
        bool isUniform = blocks.All(block => block == blocks[0] && block.HasAttention && block.HasMlp);
        var changes = new Dictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["num_hidden_layers"] = blocks.Count,
            ["head_dim"] = config.HeadDim,
        };
        if (hasBiases)
        {
            changes["attention_bias"] = true;
            changes["mlp_bias"] = true;
        }

        AddPerBlockFields(changes, document, config, kept);
        if (isUniform)
        {
            AddUniformFields(changes, document, config, blocks, hasBiases);
            return document.With(changes).Without(BaseType, PerLayerConfig.Field, BlockConfigs.Field).WithoutRemoteCode();
        }

        AddHeterogeneousFields(changes, document, config, blocks);
        return document.With(changes).Without(BlockConfigs.Field).WithoutRemoteCode();
    }

    private static void AddUniformFields(
        Dictionary<string, JsonNode?> changes, ConfigDocument document, ModelConfig config, IReadOnlyList<BlockShape> blocks, bool hasBiases)
    {
        Architecture stock = blocks.Count > 0 ? StockArchitecture.Of(config, blocks[0].Heads, hasBiases) : config.Architecture;
        if (document.GetString(ModelType) != stock.ModelType)
        {
            changes[ModelType] = stock.ModelType;
            changes[Architectures] = new JsonArray((JsonNode)stock.ClassName);
        }

        StockArchitecture.AddWindow(changes, config, stock);
        if (blocks.Count > 0)
        {
            changes[Heads] = blocks[0].Heads;
            changes[KeyValueHeads] = blocks[0].KeyValueHeads;
            changes[Neurons] = blocks[0].Neurons;
        }
    }

    private static void AddHeterogeneousFields(
        Dictionary<string, JsonNode?> changes, ConfigDocument document, ModelConfig config, IReadOnlyList<BlockShape> blocks)
    {
        int heads = document.GetInt32(Heads, 1, int.MaxValue);
        var global = new BlockShape(
            heads,
            document.GetInt32OrNull(KeyValueHeads, 1, int.MaxValue) ?? config.Architecture.DefaultKeyValueHeads ?? heads,
            document.GetInt32OrNull(Neurons, 1, int.MaxValue) ?? config.Blocks.Max(block => block.Neurons));
        changes[ModelType] = Architecture.HeterogeneousModelType;
        changes[BaseType] = config.Architecture.ModelType;
        changes[Architectures] = new JsonArray((JsonNode)"NiwakiForCausalLM");
        changes[KeyValueHeads] = global.KeyValueHeads;
        changes[Neurons] = global.Neurons;
        changes[PerLayerConfig.Field] = PerLayerConfig.Write(blocks, global);
    }

    /// <summary>Lists with an entry for every block lose those of the blocks that go.</summary>
    private static void AddPerBlockFields(
        Dictionary<string, JsonNode?> changes, ConfigDocument document, ModelConfig config, IReadOnlyList<int> kept)
    {
        foreach (string name in PerBlockLists)
        {
            if (document.Root.TryGetProperty(name, out JsonElement list)
                && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == config.Blocks.Count)
            {
                changes[name] = new JsonArray([.. kept.Select(block => JsonNode.Parse(list[block].GetRawText()))]);
            }
        }

        if (document.GetInt32OrNull(MaxWindowLayers, 0, int.MaxValue) is { } first)
        {
            changes[MaxWindowLayers] = kept.Count(block => block < first);
        }
        else if (config.Architecture.SlidingWindows == SlidingWindowRule.UpperBlocksOnRequest
            && config.SlidingWindows.Any(window => window is not null))
        {
            // The default number counts blocks of the source.
            changes[MaxWindowLayers] = kept.Count(block => config.SlidingWindows[block] is null);
        }
    }
}
