namespace Niwaki.Plans;

/// <summary>The shapes that a pruned model may have, by what is to run it.</summary>
public enum ShapeProfile
{
    /// <summary>Whole blocks are gone, nothing else: every stock runtime.</summary>
    Depth,

    /// <summary>The same heads and neurons in every block: every stock runtime, fewer numbers to choose from.</summary>
    Uniform,

    /// <summary>Any sizes, in a GGUF file: llama.cpp and what embeds it.</summary>
    HeteroGguf,

    /// <summary>Any sizes, in a Hugging Face folder with model code of its own.</summary>
    HeteroHf,

    /// <summary>Constant query heads, KV heads and neurons by block: the class <c>DeciLMForCausalLM</c> of vLLM, SGLang, TensorRT-LLM and mlx-lm.</summary>
    NemotronNas,

    /// <summary>Any sizes, filled up with zeros to equal ones: every stock runtime, without any gain in speed.</summary>
    Padded,
}
