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

    /// <summary>
    /// [queries, Heads], written: log Σ_j e^(scale · q·k_j) of every query and head, which the gradient needs; heads with a gate of 0 are left out.
    /// The default view without memory: not wanted.
    /// </summary>
    public TensorView<float> LogSumExp { get; init; }

    /// <summary>Notes the logarithm of a sum of exponentials, if it is wanted.</summary>
    internal unsafe void SetLogSumExp(int query, int head, float largest, float total)
    {
        if (LogSumExp.Pointer is not null)
        {
            LogSumExp.RowPointer(query)[head] = largest + MathF.Log(total);
        }
    }

    /// <summary>The factor of a head.</summary>
    internal float Gate(int head) => HeadGates is null ? 1 : HeadGates[head];
}
