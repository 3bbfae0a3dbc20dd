using System.Globalization;

namespace Niwaki.Models;

/// <summary>One tensor of a block: its name in a Hugging Face checkpoint and what its rows and columns stand for.</summary>
/// <remarks>Loading, parameter accounting and cutting all follow this one table, so that they cannot disagree.</remarks>
/// <param name="Role">What the tensor does.</param>
/// <param name="SubLayer">The sub-layer that it belongs to and vanishes with.</param>
/// <param name="Suffix">Its name after <c>model.layers.N.</c>.</param>
/// <param name="Rows">What the rows (outputs) of a matrix or the elements of a vector stand for.</param>
/// <param name="Columns">What the columns (inputs) of a matrix stand for; null for a vector.</param>
public sealed record BlockTensor(BlockTensorRole Role, SubLayer SubLayer, string Suffix, UnitAxis Rows, UnitAxis? Columns)
{
    private static readonly BlockTensor[] Table =
    [
        new(BlockTensorRole.AttentionNorm, SubLayer.Attention, "input_layernorm.weight", UnitAxis.Hidden, null),
        new(BlockTensorRole.Query, SubLayer.Attention, "self_attn.q_proj.weight", UnitAxis.Heads, UnitAxis.Hidden),
        new(BlockTensorRole.Key, SubLayer.Attention, "self_attn.k_proj.weight", UnitAxis.KeyValueHeads, UnitAxis.Hidden),
        new(BlockTensorRole.Value, SubLayer.Attention, "self_attn.v_proj.weight", UnitAxis.KeyValueHeads, UnitAxis.Hidden),
        new(BlockTensorRole.Output, SubLayer.Attention, "self_attn.o_proj.weight", UnitAxis.Hidden, UnitAxis.Heads),
        new(BlockTensorRole.QueryBias, SubLayer.Attention, "self_attn.q_proj.bias", UnitAxis.Heads, null),
        new(BlockTensorRole.KeyBias, SubLayer.Attention, "self_attn.k_proj.bias", UnitAxis.KeyValueHeads, null),
        new(BlockTensorRole.ValueBias, SubLayer.Attention, "self_attn.v_proj.bias", UnitAxis.KeyValueHeads, null),
        new(BlockTensorRole.OutputBias, SubLayer.Attention, "self_attn.o_proj.bias", UnitAxis.Hidden, null),
        new(BlockTensorRole.QueryNorm, SubLayer.Attention, "self_attn.q_norm.weight", UnitAxis.HeadDim, null),
        new(BlockTensorRole.KeyNorm, SubLayer.Attention, "self_attn.k_norm.weight", UnitAxis.HeadDim, null),
        new(BlockTensorRole.MlpNorm, SubLayer.Mlp, "post_attention_layernorm.weight", UnitAxis.Hidden, null),
        new(BlockTensorRole.Gate, SubLayer.Mlp, "mlp.gate_proj.weight", UnitAxis.Neurons, UnitAxis.Hidden),
        new(BlockTensorRole.Up, SubLayer.Mlp, "mlp.up_proj.weight", UnitAxis.Neurons, UnitAxis.Hidden),
        new(BlockTensorRole.Down, SubLayer.Mlp, "mlp.down_proj.weight", UnitAxis.Hidden, UnitAxis.Neurons),
        new(BlockTensorRole.GateBias, SubLayer.Mlp, "mlp.gate_proj.bias", UnitAxis.Neurons, null),
        new(BlockTensorRole.UpBias, SubLayer.Mlp, "mlp.up_proj.bias", UnitAxis.Neurons, null),
        new(BlockTensorRole.DownBias, SubLayer.Mlp, "mlp.down_proj.bias", UnitAxis.Hidden, null),
    ];

    /// <summary>Whether the tensor is a matrix and so counts as prunable.</summary>
    public bool IsMatrix => Columns is not null;

    /// <summary>The tensors that a block of a given shape has, in the order in which they are written.</summary>
    /// <param name="features">Biases and norms of the architecture.</param>
    /// <param name="shape">Sizes of the block; tensors of a missing sub-layer are left out.</param>
    public static IEnumerable<BlockTensor> Of(BlockFeatures features, BlockShape shape) =>
        Table.Where(tensor => shape.Has(tensor.SubLayer) && features.Has(tensor.Role));

    /// <summary>The tensor of a role.</summary>
    /// <param name="role">What the tensor does.</param>
    public static BlockTensor Of(BlockTensorRole role) => Table[(int)role];

    /// <summary>Name in the checkpoint.</summary>
    /// <param name="block">Index of the block, counted from 0.</param>
    public string NameIn(int block) => string.Create(CultureInfo.InvariantCulture, $"model.layers.{block}.{Suffix}");
}
