using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>What a profile allows: facts, not code. The search, the check of a target and the export all ask this one table.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Name">Its name in recipes and on the command line.</param>
/// <param name="CutsWidth">Whether heads and neurons may go; else whole blocks only.</param>
/// <param name="CutsSubLayers">Whether a block may lose its attention or its MLP and keep the other.</param>
/// <param name="EqualBlocks">Whether all blocks that stay have the same sizes.</param>
/// <param name="ConstantHeads">Whether every block gets the query heads of the source, those that went as zeros, so that KV heads divide them.</param>
/// <param name="NeuronMultiple">Neurons of every MLP are a multiple of this.</param>
/// <param name="Runtimes">What runs the outcome.</param>
public sealed record ProfileRule(
    ShapeProfile Profile, string Name, bool CutsWidth, bool CutsSubLayers, bool EqualBlocks, bool ConstantHeads, int NeuronMultiple, string Runtimes)
{
    /// <summary>Every profile.</summary>
    public static IReadOnlyList<ProfileRule> All { get; } =
    [
        new(ShapeProfile.Depth, "depth", false, false, true, false, 1, "every stock runtime"),
        new(ShapeProfile.Uniform, "uniform", true, false, true, false, 1, "every stock runtime"),
        new(ShapeProfile.HeteroGguf, "hetero-gguf", true, true, false, false, 1, "llama.cpp and what embeds it"),
        new(ShapeProfile.HeteroHf, "hetero-hf", true, true, false, false, 1, "transformers with trust_remote_code, Niwaki"),
        new(ShapeProfile.NemotronNas, "nemotron-nas", true, true, false, true, 256, "vLLM, SGLang, TensorRT-LLM, mlx-lm"),
        new(ShapeProfile.Padded, "padded", true, true, false, false, 1, "every stock runtime, no faster than before"),
    ];

    /// <summary>The rule of a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such profile.</exception>
    public static ProfileRule Of(ShapeProfile profile) =>
        All.FirstOrDefault(rule => rule.Profile == profile) ?? throw new ArgumentOutOfRangeException(nameof(profile), profile, "Unknown profile.");

    /// <summary>Why no pruned form of a model fits the profile.</summary>
    /// <param name="source">The model.</param>
    /// <returns>The reason with the next step; null: some forms fit.</returns>
    public string? FaultOf(ModelConfig source)
    {
        ArgumentNullException.ThrowIfNull(source);
        string type = source.Architecture.ModelType;
        return Profile switch
        {
            ShapeProfile.Depth or ShapeProfile.Uniform when source.Blocks.Any(block => block != source.Blocks[0] || !block.HasAttention || !block.HasMlp) =>
                $"Profile {Name}: the blocks of the model differ already, expected equal ones. Use profile hetero-hf, hetero-gguf or padded.",
            ShapeProfile.HeteroGguf when source.Features.QueryKeyNorm && !source.TiedEmbeddings =>
                $"Profile {Name}: the model is a '{type}' with an output head of its own, expected one tied to the embedding: "
                + "no GGUF architecture has blocks that differ, norms of query heads, and its own output head. Use profile uniform or padded.",
            ShapeProfile.HeteroGguf when source.Features is { QueryKeyNorm: true, QueryKeyValueBias: true } =>
                $"Profile {Name}: the model is a '{type}' with biases of attention, expected none: the GGUF architecture for its norms has no biases. Use profile uniform or padded.",
            ShapeProfile.NemotronNas when source.Features.QueryKeyNorm =>
                $"Profile {Name}: the model is a '{type}' with norms of query heads, expected llama, mistral or qwen2: DeciLMForCausalLM has no such norms. Use profile uniform or padded.",
            ShapeProfile.NemotronNas when source.SlidingWindows.Any(window => window is not null) =>
                $"Profile {Name}: the model attends to sliding windows, expected full attention: DeciLMForCausalLM has no windows. Use profile uniform or padded.",
            _ => null,
        };
    }
}
