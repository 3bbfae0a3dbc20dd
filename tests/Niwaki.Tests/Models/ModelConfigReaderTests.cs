using System.Text;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Tests.Models;

public sealed class ModelConfigReaderTests
{
    private const string Sizes = """
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100
        """;

    [Fact]
    public void Read_Llama_TakesSizesAndDefaults()
    {
        ModelConfig config = Read($$"""{"model_type": "llama", {{Sizes}}}""");
        Assert.Equal("llama", config.Architecture.ModelType);
        Assert.Equal(16, config.HeadDim); // 64 / 4
        Assert.Equal(Enumerable.Repeat(new BlockShape(4, 2, 96), 3), config.Blocks);
        Assert.Equal(1e-6f, config.NormEpsilon);
        Assert.Equal(10_000, config.Rope.Theta);
        Assert.Null(config.Rope.Scaling);
        Assert.False(config.TiedEmbeddings);
        Assert.Equal(default, config.Features);
        Assert.All(config.SlidingWindows, Assert.Null);
        Assert.Empty(config.EndOfText);
    }

    [Fact]
    public void Read_LlamaWithBiases_HasThem()
    {
        ModelConfig config = Read($$"""{"model_type": "llama", {{Sizes}}, "attention_bias": true, "mlp_bias": true}""");
        Assert.Equal(new BlockFeatures(true, true, true, false), config.Features);
    }

    [Fact]
    public void Read_Qwen2_HasBiasesOfQueryKeyValueOnly()
    {
        ModelConfig config = Read($$"""{"model_type": "qwen2", {{Sizes}}}""");
        Assert.Equal(new BlockFeatures(true, false, false, false), config.Features);
    }

    [Fact]
    public void Read_Qwen3_NormalisesHeadsOf128Channels()
    {
        ModelConfig config = Read($$"""{"model_type": "qwen3", {{Sizes}}}""");
        Assert.Equal(new BlockFeatures(false, false, false, true), config.Features);
        Assert.Equal(128, config.HeadDim);
    }

    [Theory]
    [InlineData("", 4096)]
    [InlineData(", \"sliding_window\": 5", 5)]
    [InlineData(", \"sliding_window\": null", null)]
    public void Read_Mistral_SlidesAsTheFieldSays(string field, int? expected)
    {
        ModelConfig config = Read($$"""{"model_type": "mistral", {{Sizes}}{{field}}}""");
        Assert.All(config.SlidingWindows, window => Assert.Equal(expected, window));
    }

    [Fact]
    public void Read_Qwen2WithSlidingWindow_SlidesFromMaxWindowLayersOn()
    {
        ModelConfig config = Read($$"""{"model_type": "qwen2", {{Sizes}}, "use_sliding_window": true, "sliding_window": 8, "max_window_layers": 1}""");
        Assert.Equal([null, 8, 8], config.SlidingWindows);
    }

    [Fact]
    public void Read_LayerTypes_DecideBlockByBlock()
    {
        ModelConfig config = Read($$"""
            {"model_type": "qwen2", {{Sizes}}, "use_sliding_window": true, "sliding_window": 8,
             "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
            """);
        Assert.Equal([8, null, 8], config.SlidingWindows);
    }

    [Fact]
    public void Read_RopeScaling_BothSpellings()
    {
        const string Scaling = """{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192""";
        ModelConfig old = Read($$"""{"model_type": "llama", {{Sizes}}, "rope_theta": 500000, "rope_scaling": {{Scaling}} } }""");
        ModelConfig current = Read($$"""{"model_type": "llama", {{Sizes}}, "rope_parameters": {{Scaling}}, "rope_theta": 500000 } }""");
        Assert.Equal(500_000, old.Rope.Theta);
        Assert.Equal(new Llama3RopeScaling(8, 1, 4, 8192), old.Rope.Scaling);
        Assert.Equal(old.Rope, current.Rope);
    }

    [Fact]
    public void Read_Heterogeneous_TakesPerLayerConfig()
    {
        ModelConfig config = Read($$"""
            {"model_type": "niwaki", "niwaki_base_type": "mistral", {{Sizes}}, "per_layer_config": {
              "0": {"num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 33, "skip": []},
              "2": {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96, "skip": ["attention"]} } }
            """);
        Assert.Equal("mistral", config.Architecture.ModelType);
        Assert.Equal([new BlockShape(2, 1, 33), new BlockShape(4, 2, 96), new BlockShape(0, 0, 96)], config.Blocks);
    }

    [Fact]
    public void Read_PerLayerConfig_SurvivesARoundTrip()
    {
        BlockShape[] blocks = [new(2, 1, 33), new(0, 0, 7), new(4, 2, 0)];
        string written = PerLayerConfig.Write(blocks, new BlockShape(4, 2, 96)).ToJsonString();
        ModelConfig config = Read($$"""{"model_type": "niwaki", "niwaki_base_type": "llama", {{Sizes}}, "per_layer_config": {{written}} }""");
        Assert.Equal(blocks, config.Blocks);
    }

    [Fact]
    public void Read_EndOfText_JoinsBothFiles()
    {
        ModelConfig config = ModelConfigReader.Read(
            Document($$"""{"model_type": "llama", {{Sizes}}, "bos_token_id": 1, "eos_token_id": [2, 3]}"""), Document("""{"eos_token_id": [3, 9]}"""));
        Assert.Equal(1, config.BeginOfText);
        Assert.Equal([2, 3, 9], config.EndOfText);
    }

    [Theory]
    [InlineData("\"model_type\": \"gpt_neox\"", "gpt_neox")]
    [InlineData("\"model_type\": \"gpt\\u001b[2Jneox\"", "gpt\\u001b[2Jneox")]
    [InlineData("\"model_type\": \"niwaki\", \"niwaki_base_type\": \"bert\"", "bert")]
    [InlineData("\"model_type\": \"llama\", \"hidden_act\": \"gelu\"", "gelu")]
    [InlineData("\"model_type\": \"llama\", \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}", "dynamic")]
    [InlineData("\"model_type\": \"qwen2\", \"layer_types\": [\"full_attention\", \"full_attention\", \"linear_attention\"]", "linear_attention")]
    public void Read_UnknownFeature_NamesIt(string fields, string named)
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Read($$"""{ {{fields}}, {{Sizes}} }"""));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"num_key_value_heads\": 3", "num_key_value_heads")]
    [InlineData("\"hidden_size\": 0", "hidden_size")]
    [InlineData("\"hidden_size\": 66", "head_dim")]
    [InlineData("\"num_hidden_layers\": 1000000", "num_hidden_layers")]
    [InlineData("\"rms_norm_eps\": -1", "rms_norm_eps")]
    [InlineData("\"rope_theta\": 1", "rope_theta")]
    [InlineData("\"max_position_embeddings\": 1", "max_position_embeddings")]
    [InlineData("\"layer_types\": [\"full_attention\"]", "layer_types")]
    [InlineData("\"per_layer_config\": {\"7\": {}}", "per_layer_config")]
    [InlineData("\"per_layer_config\": {\"0\": {\"skip\": [\"norm\"]}}", "skip")]
    [InlineData("\"per_layer_config\": {\"0\": {\"num_key_value_heads\": 3}}", "num_key_value_heads")]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}", "factor")]
    public void Read_FieldOutOfRange_NamesIt(string field, string named)
    {
        string name = field[1..field.IndexOf('"', 1)];
        string sizes = string.Join(", ", Sizes.Split(", ").Where(size => !size.Contains($"\"{name}\"", StringComparison.Ordinal)));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read($$"""{"model_type": "llama", {{field}}, {{sizes}} }"""));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static ModelConfig Read(string json) => ModelConfigReader.Read(Document(json));

    private static ConfigDocument Document(string json) => ConfigDocument.Parse(Encoding.UTF8.GetBytes(json), "config.json");
}
