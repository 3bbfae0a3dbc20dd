namespace Niwaki.Training;

/// <summary>Everything that the gradients of one block need of a chunk of tokens, and the gradients on their way; shared by all blocks.</summary>
internal sealed class BlockActivations : IDisposable
{
    /// <summary>Normalised input of attention, [rows, hidden].</summary>
    public GrowingBuffer Normed { get; } = new();

    /// <summary>Queries, keys and values before their norms, where there are such; [rows, (heads + 2 kvHeads) · headDim].</summary>
    public GrowingBuffer Raw { get; } = new();

    /// <summary>Queries, keys and values as attention sees them.</summary>
    public GrowingBuffer Projected { get; } = new();

    /// <summary>Outputs of the heads, [rows, heads · headDim].</summary>
    public GrowingBuffer Heads { get; } = new();

    /// <summary>[rows, heads].</summary>
    public GrowingBuffer LogSumExp { get; } = new();

    /// <summary>The stream between the sub-layers, [rows, hidden].</summary>
    public GrowingBuffer Middle { get; } = new();

    /// <summary>Normalised input of the MLP, [rows, hidden].</summary>
    public GrowingBuffer MlpNormed { get; } = new();

    /// <summary>Gate and up, then their gradients, [rows, 2 · neurons].</summary>
    public GrowingBuffer GateUp { get; } = new();

    /// <summary>[rows, neurons].</summary>
    public GrowingBuffer Neurons { get; } = new();

    /// <summary>Gradient of the input of the second product of a sub-layer: neurons or outputs of heads.</summary>
    public GrowingBuffer InnerGradient { get; } = new();

    /// <summary>Gradient of queries, keys and values.</summary>
    public GrowingBuffer ProjectedGradient { get; } = new();

    /// <summary>Gradient of the normalised input of a sub-layer, [rows, hidden].</summary>
    public GrowingBuffer NormedGradient { get; } = new();

    private GrowingBuffer[] All =>
        [Normed, Raw, Projected, Heads, LogSumExp, Middle, MlpNormed, GateUp, Neurons, InnerGradient, ProjectedGradient, NormedGradient];

    public long ByteLength => All.Sum(buffer => buffer.ByteLength);

    public void Dispose()
    {
        foreach (GrowingBuffer buffer in All)
        {
            buffer.Dispose();
        }
    }
}
