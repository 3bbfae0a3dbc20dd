namespace Niwaki.Models;

/// <summary>What sets one family of decoder models apart from another: facts, not code. One forward pass serves them all.</summary>
/// <remarks>Defaults are those of Hugging Face transformers for a field that <c>config.json</c> leaves out.</remarks>
/// <param name="ModelType">The value of <c>model_type</c>.</param>
/// <param name="ClassName">The value of <c>architectures</c> that stock software expects.</param>
/// <param name="QueryKeyValueBias">Whether q, k and v have biases; null: as <c>attention_bias</c> says.</param>
/// <param name="OutputBias">Whether o has a bias; null: as <c>attention_bias</c> says.</param>
/// <param name="MlpBias">Whether the MLP has biases; null: as <c>mlp_bias</c> says.</param>
/// <param name="QueryKeyNorm">Whether query and key heads are normalised.</param>
/// <param name="DefaultKeyValueHeads">Key and value heads where the field is missing; null: as many as query heads.</param>
/// <param name="DefaultHeadDim">Head dimension where the field is missing; null: hidden size / query heads.</param>
/// <param name="SlidingWindows">How sliding windows are told.</param>
public sealed record Architecture(
    string ModelType,
    string ClassName,
    bool? QueryKeyValueBias,
    bool? OutputBias,
    bool? MlpBias,
    bool QueryKeyNorm,
    int? DefaultKeyValueHeads,
    int? DefaultHeadDim,
    SlidingWindowRule SlidingWindows)
{
    /// <summary>The <c>model_type</c> of a checkpoint whose blocks differ from each other.</summary>
    public const string HeterogeneousModelType = "niwaki";

    /// <summary>Every architecture that the engine runs.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new("llama", "LlamaForCausalLM", null, null, null, false, null, null, SlidingWindowRule.None),
        new("mistral", "MistralForCausalLM", false, false, false, false, 8, null, SlidingWindowRule.EveryBlock),
        new("qwen2", "Qwen2ForCausalLM", true, false, false, false, 32, null, SlidingWindowRule.UpperBlocksOnRequest),
        new("qwen3", "Qwen3ForCausalLM", null, null, false, true, 32, 128, SlidingWindowRule.UpperBlocksOnRequest),
    ];

    /// <summary>The architecture of a <c>model_type</c>, or null.</summary>
    /// <param name="modelType">Such as <c>llama</c>.</param>
    public static Architecture? Find(string modelType) => All.FirstOrDefault(a => a.ModelType == modelType);
}
