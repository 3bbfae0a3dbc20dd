using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>Memory for activations, grown to the largest need so far.</summary>
internal sealed class GrowingBuffer : IDisposable
{
    private NativeBuffer<float> _buffer = new(0);

    public long ByteLength => _buffer.ByteLength;

    /// <summary>A matrix with undefined contents; what was handed out before is no longer valid if it grows.</summary>
    public TensorView<float> View(int rows, int columns)
    {
        NativeBuffer<float>.Grow(ref _buffer, (long)rows * columns);
        return new TensorView<float>(_buffer, rows, columns);
    }

    /// <summary>The matrix that was written into the last view of that size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The memory is shorter.</exception>
    public TensorView<float> Held(int rows, int columns) => new(_buffer, rows, columns);

    public void Dispose() => _buffer.Dispose();
}
