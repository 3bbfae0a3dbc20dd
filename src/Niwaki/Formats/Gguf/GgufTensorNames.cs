using System.Globalization;

namespace Niwaki.Formats.Gguf;

/// <summary>The names of tensors in GGUF files of the Llama family, and those in Hugging Face checkpoints that they stand for.</summary>
public static class GgufTensorNames
{
    /// <summary>Embedding table.</summary>
    public const string Embedding = "token_embd.weight";

    /// <summary>Weight of the last RMS norm.</summary>
    public const string FinalNorm = "output_norm.weight";

    /// <summary>Output head; absent where it is tied to the embedding table.</summary>
    public const string OutputHead = "output.weight";

    /// <summary>What the rotary frequencies are divided by, one number for each pair of channels.</summary>
    public const string RopeFactors = "rope_freqs.weight";

    /// <summary>Queries, keys and values stacked, in <c>openelm</c>, after <c>blk.N.</c>.</summary>
    public const string FusedQueryKeyValue = "attn_qkv.weight";

    /// <summary>Projection in Hugging Face checkpoints → in GGUF; both with <c>.weight</c> or <c>.bias</c> behind.</summary>
    private static readonly (string HuggingFace, string Gguf)[] Parts =
    [
        ("input_layernorm", "attn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ];

    /// <summary>The name of a tensor of a block.</summary>
    /// <param name="block">Index of the block in the file.</param>
    /// <param name="suffix">Name after <c>model.layers.N.</c> in a Hugging Face checkpoint, such as <c>mlp.up_proj.weight</c>.</param>
    public static string InBlock(int block, string suffix)
    {
        ArgumentNullException.ThrowIfNull(suffix);
        int kind = suffix.LastIndexOf('.');
        string part = Parts.First(pair => pair.HuggingFace == suffix[..kind]).Gguf;
        return OfBlock(block, part + suffix[kind..]);
    }

    /// <summary>What <see cref="FusedQueryKeyValue"/> stands for; no Hugging Face checkpoint of these families has such a tensor.</summary>
    internal const string FusedSuffix = "self_attn.qkv_proj.weight";

    /// <summary>The name in a Hugging Face checkpoint: a whole name, or the index of a block and what follows <c>model.layers.N.</c>; null where there is none.</summary>
    internal static (int? Block, string Suffix)? ToHuggingFace(string name)
    {
        switch (name)
        {
            case Embedding:
                return (null, "model.embed_tokens.weight");
            case FinalNorm:
                return (null, "model.norm.weight");
            case OutputHead:
                return (null, "lm_head.weight");
        }

        string[] parts = name.Split('.');
        bool isOfBlock = parts.Length == 4 && parts[0] == "blk" && parts[3] is "weight" or "bias"
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index.ToString(CultureInfo.InvariantCulture) == parts[1];
        if (!isOfBlock)
        {
            return null;
        }

        int block = int.Parse(parts[1], CultureInfo.InvariantCulture);
        if (parts[2] + "." + parts[3] == FusedQueryKeyValue)
        {
            return (block, FusedSuffix);
        }

        string? known = Parts.FirstOrDefault(part => part.Gguf == parts[2]).HuggingFace;
        return known is null ? null : (block, $"{known}.{parts[3]}");
    }

    /// <summary>The name of a tensor of a block, given by its GGUF name after <c>blk.N.</c>.</summary>
    /// <param name="block">Index of the block in the file.</param>
    /// <param name="suffix">Such as <c>ffn_up.weight</c>.</param>
    public static string OfBlock(int block, string suffix) => string.Create(CultureInfo.InvariantCulture, $"blk.{block}.{suffix}");
}
