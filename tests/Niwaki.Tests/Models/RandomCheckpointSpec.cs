using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Tests.Models;

/// <summary>What <see cref="RandomCheckpoint"/> writes. The defaults are a Llama model of two equal blocks, small enough to check by hand.</summary>
internal sealed record RandomCheckpointSpec
{
    /// <summary>llama, mistral, qwen2 or qwen3; qwen2 has biases on q, k and v, qwen3 has norms of query and key heads.</summary>
    public string ModelType { get; init; } = "llama";

    public int HiddenSize { get; init; } = 16;

    public int VocabularySize { get; init; } = 24;

    public int HeadDim { get; init; } = 4;

    /// <summary>Sizes of every block. If they differ, or a sub-layer is missing, the config is written as <c>niwaki</c>.</summary>
    public IReadOnlyList<BlockShape> Blocks { get; init; } = [new BlockShape(4, 2, 12), new BlockShape(4, 2, 12)];

    public ElementType ElementType { get; init; } = ElementType.F32;

    public bool TiedEmbeddings { get; init; }

    /// <summary>Biases of q, k, v and o, for the architectures that leave them to the config (llama, qwen3).</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Biases of gate, up and down, for the architectures that leave them to the config (llama).</summary>
    public bool MlpBias { get; init; }

    /// <summary>Further fields of config.json as a JSON object; they win over the usual ones: rotary scaling, windows, token ids.</summary>
    public string ExtraConfig { get; init; } = "{}";

    /// <summary>Shapes of tensors that no architecture knows, by name.</summary>
    public IReadOnlyDictionary<string, long[]> ExtraTensors { get; init; } = new Dictionary<string, long[]>(StringComparer.Ordinal);

    public long MaxShardBytes { get; init; } = CheckpointWriter.DefaultMaxShardBytes;

    /// <summary>
    /// False: normal numbers of the usual sizes, so that the model computes something. True: every element carries
    /// <see cref="RandomCheckpoint.CodedBits"/>, so that a test can tell from any element where it came from.
    /// </summary>
    public bool Coded { get; init; }

    /// <summary>The largest sizes: what the fields of the whole model say.</summary>
    public BlockShape GlobalShape
    {
        get
        {
            BlockShape widest = Blocks.Where(block => block.HasAttention)
                .OrderByDescending(block => block.Heads)
                .FirstOrDefault(new BlockShape(4, 2, 0));
            return widest with { Neurons = Math.Max(1, Blocks.Select(block => block.Neurons).DefaultIfEmpty(0).Max()) };
        }
    }
}
