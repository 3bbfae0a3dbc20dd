using Niwaki.Formats;
using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Export.Gguf;

/// <summary>An architecture of llama.cpp as which a model can be written, and what it asks for.</summary>
/// <param name="Name">The value of <c>general.architecture</c>.</param>
/// <param name="RotatesAdjacentPairs">Whether it rotates channels 2i and 2i + 1 together, so that rows of queries and keys change their order.</param>
/// <param name="TakesDifferentBlocks">Whether heads and neurons may differ from block to block.</param>
/// <param name="FusesQueryKeyValue">Whether queries, keys and values are one matrix.</param>
/// <param name="NeedsEverySubLayer">Whether every block needs attention and MLP, made-up ones of zeros where the model has none.</param>
internal sealed record GgufContainer(
    string Name, bool RotatesAdjacentPairs, bool TakesDifferentBlocks, bool FusesQueryKeyValue, bool NeedsEverySubLayer)
{
    private static readonly GgufContainer Llama = new("llama", true, false, false, false);
    private static readonly GgufContainer Qwen2 = new("qwen2", false, false, false, false);
    private static readonly GgufContainer Qwen3 = new("qwen3", false, false, false, false);
    private static readonly GgufContainer Deci = new("deci", true, true, false, false);
    private static readonly GgufContainer OpenElm = new("openelm", false, true, true, true);

    /// <summary>The container for a model.</summary>
    /// <param name="config">The model; blocks without any sub-layer do not count.</param>
    /// <param name="source">Path that errors name.</param>
    /// <exception cref="UnsupportedModelException">llama.cpp has no architecture for such a model.</exception>
    public static GgufContainer Choose(ModelConfig config, string source)
    {
        BlockShape[] blocks = [.. config.Blocks.Where(block => block.HasAttention || block.HasMlp)];
        if (blocks.Length == 0)
        {
            throw new UnsupportedModelException(source, "model", "has no block left", "at least one block with attention or an MLP");
        }

        if (config.Rope.RotaryDim != config.HeadDim)
        {
            throw new UnsupportedModelException(
                source, "rotary dimension", $"is {config.Rope.RotaryDim} of {config.HeadDim} channels", "all channels of a head: llama.cpp's architectures rotate whole heads");
        }

        bool isUniform = blocks.All(block => block == blocks[0] && block.HasAttention && block.HasMlp);
        GgufContainer container = config.Features.QueryKeyNorm ? ForNormedHeads(config, isUniform, source) : ForPlainHeads(config, blocks[0], isUniform);
        if (config.Rope.Scaling is Llama3RopeScaling && !container.RotatesAdjacentPairs)
        {
            throw new UnsupportedModelException(source, "rotary scaling", "is 'llama3'", $"another one: the architecture '{container.Name}' takes no factors of frequencies");
        }

        return container;
    }

    private static GgufContainer ForPlainHeads(ModelConfig config, BlockShape shape, bool isUniform)
    {
        if (!isUniform)
        {
            return Deci;
        }

        // 'qwen2' wants queries as wide as the residual stream, biases of q, k and v, and no others; 'llama' takes everything.
        bool isQwen2 = config.Architecture.ModelType == "qwen2"
            && config.Features is { QueryKeyValueBias: true, OutputBias: false, MlpBias: false }
            && shape.Heads * config.HeadDim == config.HiddenSize
            && config.Rope.Scaling is not Llama3RopeScaling;
        return isQwen2 ? Qwen2 : Llama;
    }

    private static GgufContainer ForNormedHeads(ModelConfig config, bool isUniform, string source)
    {
        if (config.Features.QueryKeyValueBias || config.Features.OutputBias || config.Features.MlpBias)
        {
            throw new UnsupportedModelException(
                source, "model", "has biases beside norms of queries and keys", "no biases: no architecture of llama.cpp has both", "Prune without --repair bias.");
        }

        if (isUniform)
        {
            return Qwen3;
        }

        return config.TiedEmbeddings
            ? OpenElm
            : throw new UnsupportedModelException(
                source,
                "model",
                "has blocks of different sizes, norms of queries and keys, and an output head of its own",
                "equal blocks: 'openelm', the only architecture of llama.cpp for such blocks, ties the head to the embedding",
                "Export with --profile padded, or prune with --profile uniform or depth.");
    }
}
