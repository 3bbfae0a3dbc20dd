namespace Niwaki.Models;

/// <summary>Named places of a block where activations can be read.</summary>
public enum TapPoint
{
    /// <summary>The residual stream in front of the block, [tokens, hidden].</summary>
    BlockInput,

    /// <summary>Input of the output projection after the head gates, [tokens, heads × headDim].</summary>
    AttentionHeads,

    /// <summary>Input of the down projection after the neuron gates, [tokens, neurons].</summary>
    MlpNeurons,

    /// <summary>The residual stream behind the block, [tokens, hidden].</summary>
    BlockOutput,
}
