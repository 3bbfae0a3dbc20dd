using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>One sequence of an attention: its queries are the last of its key positions.</summary>
/// <remarks>Equal counts of queries and keys are a whole sequence; one query over many keys is a step with a key-value cache.</remarks>
public readonly struct AttentionSequence
{
    /// <summary>Q, [queries, Heads·HeadDim].</summary>
    public TensorView<float> Query { get; init; }

    /// <summary>K, [keys, KeyValueHeads·HeadDim]; at least as many rows as queries.</summary>
    public TensorView<float> Key { get; init; }

    /// <summary>V, [keys, KeyValueHeads·HeadDim].</summary>
    public TensorView<float> Value { get; init; }

    /// <summary>[queries, Heads·HeadDim], written; may be the memory of Q.</summary>
    public TensorView<float> Output { get; init; }

    /// <summary>[Heads], factors on the outputs of the heads; a head with 0 is not computed, zeros are written. Null: all 1.</summary>
    public float[]? HeadGates { get; init; }

    /// <summary>The factor of a head.</summary>
    internal float Gate(int head) => HeadGates is null ? 1 : HeadGates[head];
}
