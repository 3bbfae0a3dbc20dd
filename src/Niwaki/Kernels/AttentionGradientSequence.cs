using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>One whole sequence of which the gradients of attention are taken: what went in, what came out, and the gradients.</summary>
public readonly struct AttentionGradientSequence
{
    /// <summary>Q, [tokens, Heads·HeadDim].</summary>
    public TensorView<float> Query { get; init; }

    /// <summary>K, [tokens, KeyValueHeads·HeadDim].</summary>
    public TensorView<float> Key { get; init; }

    /// <summary>V, [tokens, KeyValueHeads·HeadDim].</summary>
    public TensorView<float> Value { get; init; }

    /// <summary>O, [tokens, Heads·HeadDim]: the output for these inputs, all gates open.</summary>
    public TensorView<float> Output { get; init; }

    /// <summary>[tokens, Heads], as <see cref="AttentionSequence.LogSumExp"/> gave it.</summary>
    public TensorView<float> LogSumExp { get; init; }

    /// <summary>dO, [tokens, Heads·HeadDim].</summary>
    public TensorView<float> OutputGradient { get; init; }

    /// <summary>dQ, [tokens, Heads·HeadDim], written; other memory than all inputs.</summary>
    public TensorView<float> QueryGradient { get; init; }

    /// <summary>dK, [tokens, KeyValueHeads·HeadDim], written; other memory than all inputs.</summary>
    public TensorView<float> KeyGradient { get; init; }

    /// <summary>dV, [tokens, KeyValueHeads·HeadDim], written; other memory than all inputs.</summary>
    public TensorView<float> ValueGradient { get; init; }
}
