namespace Niwaki.Models;

/// <summary>Names of the tensors outside the blocks in a Hugging Face checkpoint.</summary>
public static class TensorNames
{
    /// <summary>Embedding table, [vocabulary, hidden].</summary>
    public const string Embedding = "model.embed_tokens.weight";

    /// <summary>Weight of the last RMS norm, [hidden].</summary>
    public const string FinalNorm = "model.norm.weight";

    /// <summary>Output head, [vocabulary, hidden]; absent where it is tied to the embedding table.</summary>
    public const string OutputHead = "lm_head.weight";

    /// <summary>What the name of every tensor of a block begins with, before the index of the block.</summary>
    public const string BlockPrefix = "model.layers.";
}
