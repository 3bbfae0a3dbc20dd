namespace Niwaki.Formats.Gguf;

/// <summary>Which biases the blocks of a file have; the first of a group stands for all of it.</summary>
/// <param name="QueryKeyValue">Whether queries, keys and values have some.</param>
/// <param name="Output">Whether the output of attention has one.</param>
/// <param name="Mlp">Whether the three matrices of an MLP have some.</param>
internal readonly record struct GgufBiases(bool QueryKeyValue, bool Output, bool Mlp)
{
    /// <summary>The biases of a file.</summary>
    public static GgufBiases Of(GgufFile file, GgufBlock[] blocks)
    {
        return new GgufBiases(Has("attn_q.bias"), Has("attn_output.bias"), Has("ffn_down.bias"));

        bool Has(string suffix) => Enumerable.Range(0, blocks.Length).Any(block => file.Find(GgufTensorNames.OfBlock(block, suffix)) is not null);
    }

    /// <summary>Whether blocks with these biases have a tensor, given by its name in a checkpoint after <c>model.layers.N.</c>, that not all blocks have.</summary>
    /// <param name="suffix">Such as <c>self_attn.q_proj.bias</c>.</param>
    /// <param name="hasNormedHeads">Whether queries and keys have norms.</param>
    public bool Allow(string suffix, bool hasNormedHeads) => suffix switch
    {
        "self_attn.q_norm.weight" or "self_attn.k_norm.weight" => hasNormedHeads,
        "self_attn.q_proj.bias" or "self_attn.k_proj.bias" or "self_attn.v_proj.bias" => QueryKeyValue,
        "self_attn.o_proj.bias" => Output,
        "mlp.gate_proj.bias" or "mlp.up_proj.bias" or "mlp.down_proj.bias" => Mlp,
        _ => !suffix.EndsWith(".bias", StringComparison.Ordinal),
    };
}
