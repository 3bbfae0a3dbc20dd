using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>The residual stream of a set of windows in front of one block: what a pass carries from block to block.</summary>
/// <remarks>A kept copy lets everything that changes only from that block on start there instead of at the embedding.</remarks>
public sealed class ResidualStream : IDisposable
{
    private readonly NativeBuffer<float> _values;
    private readonly int[] _firstRows;

    internal ResidualStream(IReadOnlyList<int[]> windows, int hiddenSize)
    {
        Windows = windows;
        HiddenSize = hiddenSize;
        _firstRows = new int[windows.Count + 1];
        for (int i = 0; i < windows.Count; i++)
        {
            _firstRows[i + 1] = checked(_firstRows[i] + windows[i].Length);
        }

        _values = new NativeBuffer<float>((long)Tokens * hiddenSize);
    }

    /// <summary>Token ids of every window.</summary>
    public IReadOnlyList<int[]> Windows { get; }

    /// <summary>Width of the stream.</summary>
    public int HiddenSize { get; }

    /// <summary>Tokens of all windows.</summary>
    public int Tokens => _firstRows[^1];

    /// <summary>The stream, [tokens, hidden], window after window.</summary>
    public TensorView<float> Values => new(_values, Tokens, HiddenSize);

    /// <summary>Bytes of the stream of so many tokens.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="hiddenSize">Width of the stream.</param>
    public static long BytesFor(long tokens, int hiddenSize) => tokens * hiddenSize * sizeof(float);

    /// <summary>The first row of a window; with the number of windows, the number of rows.</summary>
    /// <param name="window">Index of the window.</param>
    public int FirstRow(int window) => _firstRows[window];

    /// <summary>Takes over the values of another stream of the same windows.</summary>
    /// <param name="other">The stream to copy.</param>
    /// <exception cref="ShapeMismatchException">The other stream has another shape.</exception>
    public void CopyFrom(ResidualStream other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Tokens != Tokens || other.HiddenSize != HiddenSize)
        {
            throw new ShapeMismatchException(nameof(other), other.Values.ToString(), Values.ToString());
        }

        unsafe
        {
            Buffer.MemoryCopy(other._values.Pointer, _values.Pointer, _values.ByteLength, other._values.ByteLength);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _values.Dispose();
}
