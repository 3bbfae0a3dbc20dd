using System.Globalization;
using System.Text.Json.Nodes;

namespace Niwaki.Formats.Gguf;

/// <summary>Writes the metadata of a file as the config.json of the Hugging Face checkpoint that it stands for.</summary>
internal sealed class GgufConfig
{
    private readonly GgufFile _file;
    private readonly GgufArchitecture _architecture;
    private readonly GgufBlock[] _blocks;
    private readonly string _prefix;

    private GgufConfig(GgufFile file, GgufArchitecture architecture, GgufBlock[] blocks)
    {
        _file = file;
        _architecture = architecture;
        _blocks = blocks;
        _prefix = architecture.Name + ".";
    }

    private GgufMetadata Metadata => _file.Metadata;

    /// <summary>Channels of a head.</summary>
    public static int HeadDim(GgufFile file, GgufArchitecture architecture, GgufBlock[] blocks)
    {
        const int Most = 1 << 12;
        string prefix = architecture.Name + ".";
        int hidden = file.Metadata.GetInt32(prefix + "embedding_length", 1, 1 << 20);
        int heads = blocks.Select(block => block.Heads).FirstOrDefault(count => count > 0);
        int headDim = file.Metadata.GetInt32OrNull(prefix + "attention.key_length", 1, Most)
            ?? (heads > 0 && hidden % heads == 0 ? hidden / heads : throw file.Metadata.Missing(prefix + "attention.key_length", "a number, because the heads do not divide the width"));
        int values = file.Metadata.GetInt32OrNull(prefix + "attention.value_length", 1, Most) ?? headDim;
        int rotated = file.Metadata.GetInt32OrNull(prefix + "rope.dimension_count", 1, Most) ?? headDim;
        return values == headDim && rotated == headDim && headDim % 2 == 0
            ? headDim
            : throw new UnsupportedModelException(file.FilePath, "heads", $"have keys of {headDim}, values of {values} and {rotated} rotated channels", "three equal, even numbers");
    }

    /// <summary>The config.</summary>
    public static JsonObject Of(GgufFile file, GgufArchitecture architecture, GgufBlock[] blocks, int headDim) =>
        new GgufConfig(file, architecture, blocks).Build(headDim);

    private JsonObject Build(int headDim)
    {
        string family = Family(out bool attentionBias, out bool mlpBias);
        GgufBlock widest = _blocks.Where(block => block.HasAttention).DefaultIfEmpty(new GgufBlock(1, 1, 1, true, true)).MaxBy(block => block.Heads);
        int neurons = Math.Max(1, _blocks.Where(block => block.HasMlp).Select(block => block.Neurons).DefaultIfEmpty(1).Max());
        bool isUniform = _blocks.All(block => block.HasAttention && block.HasMlp && block == _blocks[0]);
        GgufTensor embedding = _file.Find(GgufTensorNames.Embedding)
            ?? throw new ModelFormatException(_file.FilePath, $"tensor '{GgufTensorNames.Embedding}'", "is missing", "the embedding table");
        double theta = Metadata.GetDoubleOrNull(_prefix + "rope.freq_base", 1, 1e12) ?? 10_000;
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(isUniform ? ClassName(family) : "NiwakiForCausalLM"),
            ["model_type"] = isUniform ? family : "niwaki",
            ["hidden_act"] = "silu",
            ["hidden_size"] = Metadata.GetInt32(_prefix + "embedding_length", 1, 1 << 20),
            ["intermediate_size"] = neurons,
            ["num_hidden_layers"] = _blocks.Length,
            ["num_attention_heads"] = widest.Heads,
            ["num_key_value_heads"] = widest.KeyValueHeads,
            ["head_dim"] = headDim,
            ["vocab_size"] = embedding.Shape[0],
            ["max_position_embeddings"] = Metadata.GetInt32(_prefix + "context_length", 1, 1 << 28),
            ["rms_norm_eps"] = RoundTrip(Metadata.GetDoubleOrNull(_prefix + "attention.layer_norm_rms_epsilon", 0, 1) ?? 1e-6),
            ["rope_theta"] = RoundTrip(theta),
            ["rope_scaling"] = Scaling(theta, headDim),
            ["attention_bias"] = attentionBias,
            ["mlp_bias"] = mlpBias,
            ["sliding_window"] = null,
            ["tie_word_embeddings"] = _file.Find(GgufTensorNames.OutputHead) is null,
            ["torch_dtype"] = embedding.Type switch { GgufTensorType.F16 => "float16", GgufTensorType.BF16 => "bfloat16", _ => "float32" },
        };
        AddTokens(config);
        if (!isUniform)
        {
            config["niwaki_base_type"] = family;
            config["per_layer_config"] = PerLayer(widest, neurons);
        }

        return config;
    }

    /// <summary>The <c>model_type</c>, told by the biases where the architecture holds several families.</summary>
    private string Family(out bool attentionBias, out bool mlpBias)
    {
        var biases = GgufBiases.Of(_file, _blocks);
        mlpBias = biases.Mlp;
        attentionBias = biases.QueryKeyValue && biases.Output;
        string family = biases.QueryKeyValue && !biases.Output && _architecture.ModelType == "llama" ? "qwen2" : _architecture.ModelType;
        bool isKnown = family switch
        {
            "llama" => biases.QueryKeyValue == biases.Output,
            "qwen2" => biases is { QueryKeyValue: true, Output: false, Mlp: false },
            _ => biases == default,
        };
        return isKnown ? family : throw new UnsupportedModelException(
            _file.FilePath, "model", $"has biases of q, k, v: {biases.QueryKeyValue}, of o: {biases.Output}, of the MLP: {biases.Mlp}", $"those of {family}");
    }

    private JsonObject? Scaling(double theta, int headDim)
    {
        if (_file.Find(GgufTensorNames.RopeFactors) is { } tensor)
        {
            return GgufRopeFactors.Find(_file, tensor, theta, headDim / 2, _prefix);
        }

        // As llama.cpp: linear where no type is named, by an older key where the other is missing, and 0 stands for none.
        string type = Metadata.GetStringOrNull(_prefix + "rope.scaling.type") ?? "linear";
        double factor = Metadata.GetDoubleOrNull(_prefix + "rope.scaling.factor", 0, 1e6) ?? Metadata.GetDoubleOrNull(_prefix + "rope.scale_linear", 0, 1e6) ?? 1;
        factor = factor == 0 ? 1 : factor;
        switch (type)
        {
            case "none":
            case "linear" when factor == 1:
                return null;
            case "linear":
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = RoundTrip(factor) };
            case "yarn":
                return Yarn(factor);
            default:
                throw new UnsupportedModelException(_file.FilePath, $"metadata '{_prefix}rope.scaling.type'", $"is '{MessageText.Shown(type)}'", "'none', 'linear' or 'yarn'");
        }
    }

    private JsonObject Yarn(double factor)
    {
        // What llama.cpp multiplies cos and sin by on its own account is not in the file.
        double usual = factor <= 1 ? 1 : 1 + (0.1 * Math.Log(factor));
        return new JsonObject
        {
            ["rope_type"] = "yarn",
            ["factor"] = RoundTrip(factor),
            ["original_max_position_embeddings"] = Metadata.GetInt32OrNull(_prefix + "rope.scaling.original_context_length", 1, 1_000_000_000) ?? Metadata.GetInt32(_prefix + "context_length", 1, 1 << 28),
            ["beta_fast"] = RoundTrip(Metadata.GetDoubleOrNull(_prefix + "rope.scaling.yarn_beta_fast", 1e-6, 1e6) ?? 32),
            ["beta_slow"] = RoundTrip(Metadata.GetDoubleOrNull(_prefix + "rope.scaling.yarn_beta_slow", 1e-6, 1e6) ?? 1),
            ["attention_factor"] = usual * RoundTrip(Metadata.GetDoubleOrNull(_prefix + "rope.scaling.attn_factor", 1e-6, 1e6) ?? 1),
        };
    }

    private void AddTokens(JsonObject config)
    {
        if (Metadata.GetInt32OrNull(GgufKeys.BeginOfText, 0, 1 << 24) is { } begin)
        {
            config["bos_token_id"] = begin;
        }

        int[] ends = [.. new[] { GgufKeys.EndOfText, GgufKeys.EndOfTurn }.Select(key => Metadata.GetInt32OrNull(key, 0, 1 << 24)).OfType<int>().Distinct()];
        if (ends.Length > 0)
        {
            config["eos_token_id"] = ends.Length == 1 ? ends[0] : new JsonArray([.. ends.Select(id => (JsonNode)id)]);
        }
    }

    /// <summary>The field that <c>Models.PerLayerConfig</c> reads.</summary>
    private JsonObject PerLayer(GgufBlock widest, int neurons)
    {
        var layers = new JsonObject();
        foreach ((int index, GgufBlock block) in _blocks.Index())
        {
            string[] skipped = [.. new[] { block.HasAttention ? null : "attention", block.HasMlp ? null : "mlp" }.OfType<string>()];
            layers[index.ToString(CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["num_attention_heads"] = block.HasAttention ? block.Heads : widest.Heads,
                ["num_key_value_heads"] = block.HasAttention ? block.KeyValueHeads : widest.KeyValueHeads,
                ["intermediate_size"] = block.HasMlp ? block.Neurons : neurons,
                ["skip"] = new JsonArray([.. skipped.Select(name => (JsonNode)name)]),
            };
        }

        return layers;
    }

    private static string ClassName(string family) => family switch
    {
        "mistral" => "MistralForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        _ => "LlamaForCausalLM",
    };

    /// <summary>The shortest decimal number of a float32: 1e-05, not 9.999999747378752e-06.</summary>
    private static double RoundTrip(double value) => double.Parse(((float)value).ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
