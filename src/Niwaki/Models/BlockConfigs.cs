using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Models;

/// <summary>The field <c>block_configs</c> of a model of type <c>nemotron-nas</c> (class <c>DeciLMForCausalLM</c>): sizes of every block.</summary>
/// <remarks>
/// An entry has <c>attention</c> with <c>no_op</c> or <c>n_heads_in_group</c> (query heads of a KV head), and <c>ffn</c> with <c>no_op</c>, <c>ffn_mult</c>
/// or <c>intermediate_size</c>. The width of a multiplier m is ⌊2 · m · hidden / 3⌋, rounded up to a multiple of 256. All blocks have the same query heads.
/// </remarks>
public static class BlockConfigs
{
    /// <summary>Name of the field.</summary>
    public const string Field = "block_configs";

    /// <summary>The <c>model_type</c> of such models.</summary>
    public const string ModelType = "nemotron-nas";

    /// <summary>What the width of an MLP is a multiple of.</summary>
    public const int NeuronMultiple = 256;

    private const int LargestNeurons = 1 << 22;
    private const double LargestMultiplier = 1 << 20;

    /// <summary>The field's value for some blocks.</summary>
    /// <remarks>Only the fields that every reader knows: mlx-lm refuses others.</remarks>
    /// <param name="blocks">Sizes of every block: query heads the same wherever there are some, neurons multiples of 256.</param>
    /// <param name="hiddenSize">Width of the residual stream.</param>
    /// <exception cref="ArgumentException">No multiplier gives the neurons of a block.</exception>
    public static JsonArray Write(IReadOnlyList<BlockShape> blocks, int hiddenSize)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        return new JsonArray([.. blocks.Select(block => new JsonObject
        {
            ["attention"] = new JsonObject
            {
                ["no_op"] = !block.HasAttention,
                ["replace_with_linear"] = false,
                ["n_heads_in_group"] = block.HasAttention ? block.HeadsPerGroup : null,
            },
            ["ffn"] = new JsonObject
            {
                ["no_op"] = !block.HasMlp,
                ["replace_with_linear"] = false,
                ["ffn_mult"] = block.HasMlp ? Multiplier(block.Neurons, hiddenSize) : null,
            },
        })]);
    }

    /// <summary>Neurons of a multiplier.</summary>
    /// <param name="multiplier">m, above 0.</param>
    /// <param name="hiddenSize">Width of the residual stream.</param>
    public static long Neurons(double multiplier, int hiddenSize)
    {
        // In this order, as the classes that read it compute it: other orders round to other integers.
        long width = (long)(2 * multiplier * hiddenSize / 3);
        return (width + NeuronMultiple - 1) / NeuronMultiple * NeuronMultiple;
    }

    /// <summary>Sizes of every block.</summary>
    internal static IReadOnlyList<BlockShape> Read(ConfigDocument config, int heads, int hiddenSize, int blockCount)
    {
        IReadOnlyList<ConfigDocument> blocks = config.GetObjectsOrNull(Field)
            ?? throw new ModelFormatException(config.File, $"'{Field}'", "is missing", "the sizes of every block");
        return blocks.Count == blockCount
            ? [.. blocks.Select((block, i) => ReadBlock(config.File, string.Create(CultureInfo.InvariantCulture, $"{Field}[{i}]"), block, heads, hiddenSize))]
            : throw new ModelFormatException(config.File, $"'{Field}'", $"has {blocks.Count} entries", $"{blockCount}, one for every block");
    }

    /// <summary>A multiplier of at most six decimals, as mlx-lm rounds it, that gives the neurons.</summary>
    private static double Multiplier(int neurons, int hiddenSize)
    {
        // From the middle of the widths that round up to the neurons, so that no rounding of the multiplier leaves them.
        double multiplier = Math.Round(3 * (neurons - (NeuronMultiple / 2.0)) / (2.0 * hiddenSize), 6);
        return Neurons(multiplier, hiddenSize) == neurons
            ? multiplier
            : throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"Block has {neurons} neurons, expected a multiple of {NeuronMultiple} that a multiplier of {hiddenSize} gives."), nameof(neurons));
    }

    private static BlockShape ReadBlock(string file, string name, ConfigDocument block, int heads, int hiddenSize)
    {
        ConfigDocument attention = block.GetObject("attention"), mlp = block.GetObject("ffn");
        RefuseLinear(file, $"{name}.attention", attention);
        RefuseLinear(file, $"{name}.ffn", mlp);
        var shape = new BlockShape(0, 0, IsNoOp(mlp) ? 0 : ReadNeurons(file, $"{name}.ffn", mlp, hiddenSize));
        if (IsNoOp(attention))
        {
            return shape;
        }

        int group = attention.GetInt32("n_heads_in_group", 1, heads);
        return heads % group == 0
            ? shape with { Heads = heads, KeyValueHeads = heads / group }
            : throw new ModelFormatException(
                file, $"'{name}.attention.n_heads_in_group'", string.Create(CultureInfo.InvariantCulture, $"is {group}"), $"a divisor of the {heads} query heads");
    }

    private static int ReadNeurons(string file, string name, ConfigDocument mlp, int hiddenSize)
    {
        if (mlp.GetDoubleOrNull("ffn_mult", 0, LargestMultiplier) is not { } multiplier)
        {
            return mlp.GetInt32("intermediate_size", 1, LargestNeurons);
        }

        long neurons = Neurons(multiplier, hiddenSize);
        return neurons is > 0 and <= LargestNeurons
            ? (int)neurons
            : throw new ModelFormatException(
                file,
                $"'{name}.ffn_mult'",
                string.Create(CultureInfo.InvariantCulture, $"is {multiplier}, which gives {neurons} neurons"),
                string.Create(CultureInfo.InvariantCulture, $"1 to {LargestNeurons} neurons"));
    }

    private static bool IsNoOp(ConfigDocument part) => part.GetBooleanOrNull("no_op") ?? false;

    private static void RefuseLinear(string file, string name, ConfigDocument part)
    {
        if (part.GetBooleanOrNull("replace_with_linear") == true)
        {
            throw new UnsupportedModelException(file, $"'{name}.replace_with_linear'", "is true", "false: linear layers in place of sub-layers are not known");
        }
    }
}
