using System.Globalization;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;

namespace Niwaki.Models;

/// <summary>Turns <c>config.json</c> of a Hugging Face folder into a <see cref="ModelConfig"/>.</summary>
public static class ModelConfigReader
{
    // Ten times and more above the largest published decoder models; a product of two of them still fits 64 bits.
    private const int LargestHiddenSize = 1 << 20;
    private const int LargestVocabulary = 1 << 24;
    private const int LargestNeurons = 1 << 22;
    private const int LargestHeads = 1 << 14;
    private const int LargestHeadDim = 1 << 12;
    private const int LargestContext = 1 << 28;
    private const int LargestBlocks = 4096;

    /// <summary>Reads the config of a checkpoint.</summary>
    /// <param name="checkpoint">The model folder.</param>
    /// <exception cref="ModelFormatException">A field is missing, of the wrong kind or out of range.</exception>
    /// <exception cref="UnsupportedModelException">The architecture, the activation or the rotary scaling is unknown.</exception>
    public static ModelConfig Read(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return Read(checkpoint.Config, checkpoint.GenerationConfig);
    }

    /// <summary>Reads a config.</summary>
    /// <param name="config">Document of <c>config.json</c>.</param>
    /// <param name="generation">Document of <c>generation_config.json</c>, whose end-of-text ids count too; null: none.</param>
    /// <exception cref="ModelFormatException">A field is missing, of the wrong kind or out of range.</exception>
    /// <exception cref="UnsupportedModelException">The architecture, the activation or the rotary scaling is unknown.</exception>
    public static ModelConfig Read(ConfigDocument config, ConfigDocument? generation = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        Architecture architecture = ReadArchitecture(config);
        CheckActivation(config);
        int hidden = config.GetInt32("hidden_size", 1, LargestHiddenSize);
        int headDim = ReadHeadDim(config, architecture, hidden);
        IReadOnlyList<BlockShape> blocks = ReadBlocks(config, architecture, hidden);
        bool attentionBias = config.GetBooleanOrNull("attention_bias") ?? false;
        bool mlpBias = config.GetBooleanOrNull("mlp_bias") ?? false;
        return new ModelConfig
        {
            Architecture = architecture,
            Features = new BlockFeatures(
                architecture.QueryKeyValueBias ?? attentionBias,
                architecture.OutputBias ?? attentionBias,
                architecture.MlpBias ?? mlpBias,
                architecture.QueryKeyNorm),
            HiddenSize = hidden,
            VocabularySize = config.GetInt32("vocab_size", 1, LargestVocabulary),
            HeadDim = headDim,
            NormEpsilon = (float)(config.GetDoubleOrNull("rms_norm_eps", 0, 1) ?? 1e-6),
            Rope = RopeConfigReader.Read(config, headDim),
            TiedEmbeddings = config.GetBooleanOrNull("tie_word_embeddings") ?? false,
            ContextLength = config.GetInt32OrNull("max_position_embeddings", 2, LargestContext) ?? 2048,
            Blocks = blocks,
            SlidingWindows = SlidingWindowReader.Read(config, architecture, blocks.Count),
            BeginOfText = TokenIds(config, "bos_token_id") is [int first, ..] ? first : null,
            EndOfText = [.. TokenIds(config, "eos_token_id").Concat(TokenIds(generation, "eos_token_id")).Distinct()],
        };
    }

    private static Architecture ReadArchitecture(ConfigDocument config)
    {
        string modelType = config.GetString("model_type") switch
        {
            Architecture.HeterogeneousModelType => config.GetString("niwaki_base_type"),
            BlockConfigs.ModelType => "llama", // the same blocks, whose sizes differ
            string other => other,
        };

        return Architecture.Find(modelType)
            ?? throw new UnsupportedModelException(
                config.File, "architecture (model_type)", $"is '{MessageText.Shown(modelType)}'", "one of " + string.Join(", ", Architecture.All.Select(a => $"'{a.ModelType}'")));
    }

    private static void CheckActivation(ConfigDocument config)
    {
        string activation = config.GetStringOrNull("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw new UnsupportedModelException(config.File, "activation (hidden_act)", $"is '{MessageText.Shown(activation)}'", "'silu'");
        }
    }

    private static IReadOnlyList<BlockShape> ReadBlocks(ConfigDocument config, Architecture architecture, int hidden) =>
        config.GetString("model_type") == BlockConfigs.ModelType
            ? BlockConfigs.Read(config, config.GetInt32("num_attention_heads", 1, LargestHeads), hidden, ReadBlockCount(config))
            : PerLayerConfig.Read(config, ReadShape(config, architecture), ReadBlockCount(config));

    private static int ReadBlockCount(ConfigDocument config) => config.GetInt32("num_hidden_layers", 0, LargestBlocks);

    private static BlockShape ReadShape(ConfigDocument config, Architecture architecture)
    {
        int heads = config.GetInt32("num_attention_heads", 1, LargestHeads);
        int keyValueHeads = config.GetInt32OrNull("num_key_value_heads", 1, LargestHeads) ?? architecture.DefaultKeyValueHeads ?? heads;
        var shape = new BlockShape(heads, keyValueHeads, config.GetInt32("intermediate_size", 1, LargestNeurons));
        CheckRatio(config.File, "num_key_value_heads", shape);
        return shape;
    }

    /// <summary>Refuses key and value heads that do not divide the query heads.</summary>
    internal static void CheckRatio(string file, string field, BlockShape shape)
    {
        if (shape.KeyValueHeads == 0 ? shape.Heads != 0 : shape.Heads % shape.KeyValueHeads != 0)
        {
            throw new ModelFormatException(
                file, $"'{field}'", string.Create(CultureInfo.InvariantCulture, $"is {shape.KeyValueHeads}"), $"a divisor of the {shape.Heads} query heads");
        }
    }

    private static int ReadHeadDim(ConfigDocument config, Architecture architecture, int hidden)
    {
        int heads = config.GetInt32("num_attention_heads", 1, LargestHeads);
        int fallback = architecture.DefaultHeadDim ?? hidden / heads;
        if (!config.Has("head_dim") && architecture.DefaultHeadDim is null && hidden % heads != 0)
        {
            throw new ModelFormatException(config.File, "'head_dim'", "is missing", $"a number, because hidden_size {hidden} is no multiple of {heads} heads");
        }

        return config.GetInt32OrNull("head_dim", 1, LargestHeadDim) ?? fallback;
    }

    private static IReadOnlyList<int> TokenIds(ConfigDocument? document, string name) =>
        document?.GetInt32sOrNull(name, 0, LargestVocabulary - 1) ?? [];
}
