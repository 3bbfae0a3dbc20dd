using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Export.Gguf;

/// <summary>The metadata that tells llama.cpp the sizes of a model.</summary>
internal static class GgufModelMetadata
{
    /// <param name="config">Config of the model.</param>
    /// <param name="container">What it is written as.</param>
    /// <param name="name">Name that front ends show.</param>
    /// <param name="type">Encoding of most matrices.</param>
    /// <param name="source">Path that errors name.</param>
    /// <exception cref="UnsupportedModelException">llama.cpp cannot be told about the rotary scaling.</exception>
    public static List<KeyValuePair<string, GgufValue>> Of(ModelConfig config, GgufContainer container, string name, GgufTensorType type, string source)
    {
        IReadOnlyList<BlockShape> blocks = [.. GgufTensorPlan.Blocks(config, container).Select(block => block.Shape)];
        List<(string Key, object Value)> sizes =
        [
            ("block_count", (uint)blocks.Count),
            ("context_length", (uint)config.ContextLength),
            ("embedding_length", (uint)config.HiddenSize),
            ("attention.head_count", PerBlock(block => block.Heads)),
            ("attention.head_count_kv", PerBlock(block => block.KeyValueHeads)),
            ("feed_forward_length", PerBlock(block => block.Neurons)),

            // Always: without them llama.cpp divides the width by the heads of the first block.
            ("attention.key_length", (uint)config.HeadDim),
            ("attention.value_length", (uint)config.HeadDim),
            ("rope.dimension_count", (uint)config.HeadDim),
            ("rope.freq_base", (float)config.Rope.Theta),
            ("attention.layer_norm_rms_epsilon", config.NormEpsilon),
            ("vocab_size", (uint)config.VocabularySize),
            .. Scaling(config.Rope.Scaling, source),
        ];
        List<(string Key, object Value)> entries =
        [
            (GgufKeys.Architecture, container.Name),
            ("general.type", "model"),
            ("general.name", name),
            ("general.size_label", ModelSizeLabel.Of(config)),
            (GgufKeys.FileType, FileType(type)),
            ("general.quantization_version", 2u),
            .. sizes.Select(size => ($"{container.Name}.{size.Key}", size.Value)),
        ];
        return [.. entries.Select(entry => KeyValuePair.Create(entry.Key, GgufValue.Of(entry.Value)))];

        object PerBlock(Func<BlockShape, int> size) => container.TakesDifferentBlocks ? blocks.Select(size).ToArray() : (uint)size(blocks[0]);
    }

    /// <summary>The rotary scaling; that of Llama 3 becomes a tensor.</summary>
    private static List<(string Key, object Value)> Scaling(RopeScaling? scaling, string source) => scaling switch
    {
        Llama3RopeScaling llama3 when llama3 is not { LowFrequencyFactor: GgufRopeFactors.PublishedLow, HighFrequencyFactor: GgufRopeFactors.PublishedHigh } || !double.IsPow2(llama3.OriginalContext) =>
        [
            // For our own reader: the tensor that llama.cpp takes does not tell them.
            (GgufRopeFactors.LowKey, (float)llama3.LowFrequencyFactor),
            (GgufRopeFactors.HighKey, (float)llama3.HighFrequencyFactor),
            (GgufRopeFactors.OriginalKey, (float)llama3.OriginalContext),
        ],
        LinearRopeScaling linear => [("rope.scaling.type", "linear"), ("rope.scaling.factor", (float)linear.Factor)],
        YarnRopeScaling { Truncate: false } => throw new UnsupportedModelException(
            source, "rotary scaling", "is 'yarn' with 'truncate': false", "'truncate': true, as llama.cpp calculates"),
        YarnRopeScaling yarn =>
        [
            ("rope.scaling.type", "yarn"),
            ("rope.scaling.factor", (float)yarn.Factor),
            ("rope.scaling.original_context_length", (uint)yarn.OriginalContext),
            ("rope.scaling.yarn_beta_fast", (float)yarn.BetaFast),
            ("rope.scaling.yarn_beta_slow", (float)yarn.BetaSlow),

            // llama.cpp multiplies cos and sin by 1 + ln(factor)/10 on its own account, and by this number.
            ("rope.scaling.attn_factor", (float)(yarn.AttentionFactorOrOne / (yarn.Factor <= 1 ? 1 : 1 + (0.1 * Math.Log(yarn.Factor))))),
        ],
        _ => [],
    };

    /// <summary>Numbers of <c>llama_ftype</c>.</summary>
    private static uint FileType(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => 0,
        GgufTensorType.F16 => 1,
        GgufTensorType.Q4_0 => 2,
        GgufTensorType.Q4_1 => 3,
        GgufTensorType.Q8_0 => 7,
        GgufTensorType.Q5_0 => 8,
        GgufTensorType.Q5_1 => 9,
        _ => 32, // BF16
    };
}
