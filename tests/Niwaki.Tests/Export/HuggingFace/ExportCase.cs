using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Export.HuggingFace;

/// <summary>A model and the profile that it is exported with.</summary>
/// <param name="Name">Name of the case and of its folder.</param>
/// <param name="Spec">The model.</param>
/// <param name="Profile">The profile.</param>
/// <param name="ModelType">The value of <c>model_type</c> that the folder must have.</param>
internal sealed record ExportCase(string Name, RandomCheckpointSpec Spec, ShapeProfile Profile, string ModelType)
{
    private const string Llama3 =
        """{"rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 32}}""";

    private const string Linear = """{"rope_scaling": {"type": "linear", "factor": 2.0}}""";

    private const string Parameters = """{"rope_theta": null, "rms_norm_eps": null, "rope_parameters": {"rope_type": "default", "rope_theta": 20000.0}}""";

    private const string Yarn = """{"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16}}""";

    /// <summary>Ratios 2, 1, 4 and 2, blocks without attention and without MLP, no attention in the first.</summary>
    private static readonly BlockShape[] Different =
        [new(0, 0, 9), new(4, 2, 12), new(2, 2, 7), new(4, 1, 0), new(2, 1, 300)];

    /// <summary>The models that blocks of any shape are tried with.</summary>
    private static (string Name, RandomCheckpointSpec Spec)[] Families { get; } =
    [
        ("llama", new() { ModelType = "llama" }),
        ("llama-tied-llama3", new() { ModelType = "llama", TiedEmbeddings = true, ExtraConfig = Llama3 }),
        ("llama-biases", new() { ModelType = "llama", AttentionBias = true, MlpBias = true }),
        ("mistral", new() { ModelType = "mistral" }),
        ("mistral-window", new() { ModelType = "mistral", ExtraConfig = """{"sliding_window": 8}""" }),
        ("qwen2", new() { ModelType = "qwen2", TiedEmbeddings = true }),
        ("qwen2-windows", new() { ModelType = "qwen2", ExtraConfig = """{"use_sliding_window": true, "sliding_window": 5, "max_window_layers": 2}""" }),
        ("qwen3", new() { ModelType = "qwen3" }),
        ("qwen3-tied", new() { ModelType = "qwen3", TiedEmbeddings = true }),
    ];

    /// <summary>Every case.</summary>
    public static IReadOnlyList<ExportCase> All { get; } =
    [
        .. Families.Select(family => new ExportCase($"{family.Name}-hetero-hf", family.Spec with { Blocks = Different }, ShapeProfile.HeteroHf, "niwaki")),
        new("llama-yarn-hetero-hf", new RandomCheckpointSpec { Blocks = Different, ExtraConfig = Yarn }, ShapeProfile.HeteroHf, "niwaki"),
        new("llama-partial-rotary-hetero-hf", new RandomCheckpointSpec { Blocks = Different, HeadDim = 8, ExtraConfig = """{"partial_rotary_factor": 0.5}""" }, ShapeProfile.HeteroHf, "niwaki"),
        new("llama-uniform-hetero-hf", new RandomCheckpointSpec(), ShapeProfile.HeteroHf, "niwaki"),
        new("llama-bf16-hetero-hf", new RandomCheckpointSpec { Blocks = Different, ElementType = Niwaki.Tensors.ElementType.BF16 }, ShapeProfile.HeteroHf, "niwaki"),
        .. Families.Select(family => new ExportCase($"{family.Name}-uniform", family.Spec, ShapeProfile.Uniform, family.Spec.ModelType)),
        new("llama-three-heads-uniform", new RandomCheckpointSpec { Blocks = [new(3, 3, 5), new(3, 3, 5)] }, ShapeProfile.Uniform, "mistral"),
        new("qwen2-three-heads-uniform", new RandomCheckpointSpec { ModelType = "qwen2", Blocks = [new(3, 1, 5), new(3, 1, 5)] }, ShapeProfile.Uniform, "qwen2"),
        new("llama-one-block-depth", new RandomCheckpointSpec { Blocks = [new(4, 2, 12)] }, ShapeProfile.Depth, "llama"),
        .. Families.Select(family => new ExportCase(
            $"{family.Name}-padded", family.Spec with { Blocks = Different }, ShapeProfile.Padded, family.Spec.ModelType)),
        .. Families.Where(family => !family.Name.Contains("window", StringComparison.Ordinal) && family.Spec.ModelType != "qwen3").Select(family => new ExportCase(
            $"{family.Name}-nemotron-nas", family.Spec with { Blocks = Different }, ShapeProfile.NemotronNas, "nemotron-nas")),
        new("llama-linear-nemotron-nas", new RandomCheckpointSpec { Blocks = Different, ExtraConfig = Linear }, ShapeProfile.NemotronNas, "nemotron-nas"),
        new("llama-rope-parameters-nemotron-nas", new RandomCheckpointSpec { Blocks = Different, ExtraConfig = Parameters }, ShapeProfile.NemotronNas, "nemotron-nas"),
    ];

    /// <summary>A case by its name.</summary>
    public static ExportCase Find(string name) => All.Single(item => item.Name == name);
}
