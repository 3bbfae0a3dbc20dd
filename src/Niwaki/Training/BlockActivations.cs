using Niwaki.Models;

namespace Niwaki.Training;

/// <summary>What the backward pass of a block needs of a chunk of tokens, written by the forward pass or once more by the backward pass.</summary>
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

    private GrowingBuffer[] All => [Normed, Raw, Projected, Heads, LogSumExp, Middle, MlpNormed, GateUp, Neurons];

    /// <summary>Bytes held.</summary>
    public long ByteLength => All.Sum(buffer => buffer.ByteLength);

    /// <summary>Bytes that a token of a block takes.</summary>
    /// <param name="config">Config of the model.</param>
    /// <param name="block">Index of the block.</param>
    public static long BytesPerToken(ModelConfig config, int block)
    {
        BlockShape shape = config.Blocks[block];
        long heads = shape.Heads, projected = (heads + (2L * shape.KeyValueHeads)) * config.HeadDim;
        long attention = shape.HasAttention ? (2L * config.HiddenSize) + (projected * (config.Features.QueryKeyNorm ? 2 : 1)) + (heads * (config.HeadDim + 1)) : 0;
        return sizeof(float) * (attention + (shape.HasMlp ? config.HiddenSize + (3L * shape.Neurons) : 0));
    }

    public void Dispose()
    {
        foreach (GrowingBuffer buffer in All)
        {
            buffer.Dispose();
        }
    }
}
