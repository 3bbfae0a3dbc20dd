using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Buffers for the intermediate activations of one chunk of tokens, grown on demand and shared by all blocks.</summary>
internal sealed class BlockScratch : IDisposable
{
    private NativeBuffer<float> _normed = new(0);
    private NativeBuffer<float> _wide = new(0);
    private NativeBuffer<float> _inner = new(0);

    public long ByteLength => _normed.ByteLength + _wide.ByteLength + _inner.ByteLength;

    /// <summary>Normalised input of a sub-layer, [rows, hidden].</summary>
    public TensorView<float> Normed(int rows, int columns) => View(ref _normed, rows, columns);

    /// <summary>Output of the first product: queries, keys and values, or gate and up.</summary>
    public TensorView<float> Wide(int rows, int columns) => View(ref _wide, rows, columns);

    /// <summary>Input of the second product: head outputs or neurons.</summary>
    public TensorView<float> Inner(int rows, int columns) => View(ref _inner, rows, columns);

    public void Dispose()
    {
        _normed.Dispose();
        _wide.Dispose();
        _inner.Dispose();
    }

    private static TensorView<float> View(ref NativeBuffer<float> buffer, int rows, int columns)
    {
        NativeBuffer<float>.Grow(ref buffer, (long)rows * columns);
        return new TensorView<float>(buffer, rows, columns);
    }
}
