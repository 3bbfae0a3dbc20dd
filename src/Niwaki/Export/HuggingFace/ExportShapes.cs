using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Export.HuggingFace;

/// <summary>The sizes that every block has in a profile, filled up with zeros where the profile needs more than the model has.</summary>
internal static class ExportShapes
{
    /// <summary>The sizes.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its config.</param>
    /// <param name="profile">A profile of this format.</param>
    /// <param name="padTo">How far <c>padded</c> fills up.</param>
    /// <exception cref="UnsupportedModelException">The profile cannot hold the model.</exception>
    public static IReadOnlyList<BlockShape> Of(Checkpoint source, ModelConfig config, ShapeProfile profile, PaddingTarget padTo)
    {
        if (config.Blocks.Count == 0)
        {
            throw Refused(source, profile, "the model", "has no block", "at least one");
        }

        return profile switch
        {
            ShapeProfile.HeteroHf => config.Blocks,
            ShapeProfile.Depth or ShapeProfile.Uniform => Equal(source, config, profile),
            ShapeProfile.Padded => Divisible(source, config, Padded(source, config, padTo)),
            ShapeProfile.NemotronNas => NemotronNas(source, config),
            _ => throw Refused(source, profile, "the profile", "is one of another format", "depth, uniform, hetero-hf, nemotron-nas or padded", "Use --format gguf."),
        };
    }

    private static IReadOnlyList<BlockShape> Equal(Checkpoint source, ModelConfig config, ShapeProfile profile)
    {
        BlockShape first = config.Blocks[0];
        int other = Enumerable.Range(0, config.Blocks.Count).FirstOrDefault(i => config.Blocks[i] != first || !config.Blocks[i].HasAttention || !config.Blocks[i].HasMlp, -1);
        if (other >= 0)
        {
            throw Refused(
                source,
                profile,
                string.Create(CultureInfo.InvariantCulture, $"block {other}"),
                $"has {Shown(config.Blocks[other])}",
                $"{Shown(first)} as block 0 has, all of them above 0",
                "Use hetero-hf, nemotron-nas or padded, or prune with this profile.");
        }

        RefuseIndivisible(source, config, profile, first.Heads);
        return config.Blocks;
    }

    /// <summary>One size that holds every block, whatever takes the model then.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its config, with a block.</param>
    /// <param name="padTo">How far to fill up.</param>
    public static IReadOnlyList<BlockShape> Padded(Checkpoint source, ModelConfig config, PaddingTarget padTo)
    {
        BlockShape widest = Widest(config);
        BlockShape target = padTo == PaddingTarget.Original ? Original(source, config, widest) : widest;
        target = target with { Neurons = Math.Max(1, Math.Max(target.Neurons, widest.Neurons)) };
        return [.. config.Blocks.Select(_ => target)];
    }

    private static IReadOnlyList<BlockShape> Divisible(Checkpoint source, ModelConfig config, IReadOnlyList<BlockShape> shapes)
    {
        RefuseIndivisible(source, config, ShapeProfile.Padded, shapes[0].Heads);
        return shapes;
    }

    /// <summary>Query heads the same everywhere, KV heads that divide them, neurons in multiples; attention in the first block, which vLLM needs.</summary>
    private static BlockShape[] NemotronNas(Checkpoint source, ModelConfig config)
    {
        if (ProfileRule.Of(ShapeProfile.NemotronNas).FaultOf(config) is { } fault)
        {
            throw Refused(source, ShapeProfile.NemotronNas, "the model", "does not fit", "one that does", fault);
        }

        // mlx-lm takes hidden size / query heads for the head dimension; where that cannot hold, as many heads as are there.
        int widest = Math.Max(1, ShapeRules.MostHeads(config));
        int heads = config.HiddenSize % config.HeadDim == 0 ? Math.Max(widest, config.HiddenSize / config.HeadDim) : widest;
        return [.. config.Blocks.Select((block, i) => Fit(block, i == 0))];

        BlockShape Fit(BlockShape block, bool needsAttention)
        {
            int neurons = (block.Neurons + BlockConfigs.NeuronMultiple - 1) / BlockConfigs.NeuronMultiple * BlockConfigs.NeuronMultiple;
            if (!block.HasAttention)
            {
                return needsAttention ? new BlockShape(heads, 1, neurons) : new BlockShape(0, 0, neurons);
            }

            int keyValueHeads = Enumerable.Range(block.KeyValueHeads, heads - block.KeyValueHeads + 1)
                .FirstOrDefault(count => heads % count == 0 && heads / count >= block.HeadsPerGroup);
            return keyValueHeads > 0
                ? new BlockShape(heads, keyValueHeads, neurons)
                : throw Refused(
                    source,
                    ShapeProfile.NemotronNas,
                    string.Create(CultureInfo.InvariantCulture, $"a block of {block.Heads} query and {block.KeyValueHeads} KV heads"),
                    string.Create(CultureInfo.InvariantCulture, $"does not fit into {heads} query heads"),
                    "KV heads that divide them in groups as large as the block's",
                    "Prune with this profile, or use hetero-hf.");
        }
    }

    /// <summary>A block that holds every block: the largest groups, the most groups, the most neurons.</summary>
    private static BlockShape Widest(ModelConfig config)
    {
        int keyValueHeads = Math.Max(1, config.Blocks.Max(block => block.KeyValueHeads));
        return new BlockShape(keyValueHeads * MostPerGroup(config), keyValueHeads, config.Blocks.Max(block => block.Neurons));
    }

    private static BlockShape Original(Checkpoint source, ModelConfig config, BlockShape widest)
    {
        int heads = source.Config.GetInt32OrNull("num_attention_heads", 1, int.MaxValue) ?? widest.Heads;
        int keyValueHeads = source.Config.GetInt32OrNull("num_key_value_heads", 1, int.MaxValue) ?? config.Architecture.DefaultKeyValueHeads ?? heads;
        int neurons = source.Config.GetInt32OrNull("intermediate_size", 1, int.MaxValue) ?? widest.Neurons;
        bool holds = heads % keyValueHeads == 0 && keyValueHeads >= widest.KeyValueHeads && heads / keyValueHeads >= widest.HeadsPerGroup;
        return holds ? new BlockShape(heads, keyValueHeads, neurons) : widest with { Neurons = neurons };
    }

    private static int MostPerGroup(ModelConfig config) => Math.Max(1, config.Blocks.Max(block => block.HeadsPerGroup));

    private static void RefuseIndivisible(Checkpoint source, ModelConfig config, ShapeProfile profile, int heads)
    {
        if (config.HiddenSize % heads == 0 || !ShapeRules.NeedsHeadsThatDivide(config))
        {
            return;
        }

        // Equal blocks have no other sizes in config.json than their own.
        bool originalFits = config.HiddenSize % Original(source, config, Widest(config)).Heads == 0;
        throw Refused(
            source,
            profile,
            "every block",
            string.Create(CultureInfo.InvariantCulture, $"has {heads} query heads"),
            string.Create(CultureInfo.InvariantCulture, $"a divisor of the hidden size {config.HiddenSize}: transformers 5 refuses another for a Llama with biases"),
            originalFits ? "Use padded with --pad-to original, or hetero-hf." : "Use hetero-hf.");
    }

    private static string Shown(BlockShape shape) =>
        string.Create(CultureInfo.InvariantCulture, $"{shape.Heads} query heads, {shape.KeyValueHeads} KV heads and {shape.Neurons} neurons");

    private static UnsupportedModelException Refused(Checkpoint source, ShapeProfile profile, string subject, string found, string expected, string? nextStep = null) =>
        new(source.Folder, $"profile {ProfileRule.Of(profile).Name}, {subject}", found, expected, nextStep);
}
