using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Models;

/// <summary>The field <c>per_layer_config</c> of a checkpoint whose blocks differ from each other.</summary>
/// <remarks>
/// A mapping from the index of every block, written as text, to <c>num_attention_heads</c>, <c>num_key_value_heads</c>, <c>intermediate_size</c>
/// and <c>skip</c>, a list of <c>attention</c> and <c>mlp</c> for sub-layers that the block lacks; a size of a skipped sub-layer does not count.
/// </remarks>
public static class PerLayerConfig
{
    /// <summary>Name of the field.</summary>
    public const string Field = "per_layer_config";

    private const string SkipField = "skip";
    private const string SkippedAttention = "attention";
    private const string SkippedMlp = "mlp";

    /// <summary>The field's value for some blocks.</summary>
    /// <param name="blocks">Sizes of every block.</param>
    /// <param name="global">Sizes written for a sub-layer that a block lacks: those of the whole model.</param>
    public static JsonObject Write(IReadOnlyList<BlockShape> blocks, BlockShape global)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        var layers = new JsonObject();
        for (int i = 0; i < blocks.Count; i++)
        {
            BlockShape block = blocks[i];
            var skip = new JsonArray();
            if (!block.HasAttention)
            {
                skip.Add((JsonNode)SkippedAttention);
            }

            if (!block.HasMlp)
            {
                skip.Add((JsonNode)SkippedMlp);
            }

            layers.Add(i.ToString(CultureInfo.InvariantCulture), new JsonObject
            {
                ["num_attention_heads"] = block.HasAttention ? block.Heads : global.Heads,
                ["num_key_value_heads"] = block.HasAttention ? block.KeyValueHeads : global.KeyValueHeads,
                ["intermediate_size"] = block.HasMlp ? block.Neurons : global.Neurons,
                [SkipField] = skip,
            });
        }

        return layers;
    }

    /// <summary>Sizes of every block: those of the whole model, overridden where the field says so.</summary>
    internal static IReadOnlyList<BlockShape> Read(ConfigDocument config, BlockShape global, int blockCount)
    {
        var blocks = new BlockShape[blockCount];
        Array.Fill(blocks, global);
        foreach ((int index, ConfigDocument block) in config.GetObjectsByIndexOrNull(Field, blockCount) ?? new Dictionary<int, ConfigDocument>())
        {
            blocks[index] = ReadBlock(config.File, index.ToString(CultureInfo.InvariantCulture), block, global);
        }

        return blocks;
    }

    private static BlockShape ReadBlock(string file, string name, ConfigDocument block, BlockShape global)
    {
        int heads = block.GetInt32OrNull("num_attention_heads", 1, 1 << 14) ?? global.Heads;
        int keyValueHeads = block.GetInt32OrNull("num_key_value_heads", 1, 1 << 14) ?? global.KeyValueHeads;
        int neurons = block.GetInt32OrNull("intermediate_size", 1, 1 << 22) ?? global.Neurons;
        foreach (string part in block.GetStringsOrNull(SkipField) ?? [])
        {
            switch (part)
            {
                case SkippedAttention:
                    heads = keyValueHeads = 0;
                    break;
                case SkippedMlp:
                    neurons = 0;
                    break;
                default:
                    throw new ModelFormatException(file, $"'{Field}.{name}.{SkipField}'", $"names '{MessageText.Shown(part)}'", $"'{SkippedAttention}' or '{SkippedMlp}'");
            }
        }

        var shape = new BlockShape(heads, keyValueHeads, neurons);
        ModelConfigReader.CheckRatio(file, $"{Field}.{name}.num_key_value_heads", shape);
        return shape;
    }
}
