using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>The residual stream of a set of windows in front of one block: what a pass carries from block to block.</summary>
/// <remarks>A kept copy lets everything that changes only from that block on start there instead of at the embedding.</remarks>
public sealed class ResidualStream : IDisposable
{
    private readonly NativeBuffer<float> _values;
    private readonly int[] _firstRows;
    private readonly long _offset;
    private readonly bool _ownsValues;

    internal ResidualStream(IReadOnlyList<int[]> windows, int hiddenSize)
        : this(windows, hiddenSize, null, 0)
    {
    }

    private ResidualStream(IReadOnlyList<int[]> windows, int hiddenSize, NativeBuffer<float>? values, long offset)
    {
        Windows = windows;
        HiddenSize = hiddenSize;
        _firstRows = new int[windows.Count + 1];
        for (int i = 0; i < windows.Count; i++)
        {
            _firstRows[i + 1] = checked(_firstRows[i] + windows[i].Length);
        }

        _ownsValues = values is null;
        _values = values ?? new NativeBuffer<float>((long)Tokens * hiddenSize);
        _offset = offset;
    }

    /// <summary>Token ids of every window.</summary>
    public IReadOnlyList<int[]> Windows { get; }

    /// <summary>Width of the stream.</summary>
    public int HiddenSize { get; }

    /// <summary>Tokens of all windows.</summary>
    public int Tokens => _firstRows[^1];

    /// <summary>The stream, [tokens, hidden], window after window.</summary>
    public unsafe TensorView<float> Values => new(_values.Pointer + _offset, Tokens, HiddenSize, HiddenSize);

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

        Copy(other.Values, Values);
    }

    /// <summary>Copies the values of consecutive windows to as many others of the same lengths.</summary>
    /// <param name="from">First window to copy.</param>
    /// <param name="to">First window that is written.</param>
    /// <param name="count">Windows.</param>
    /// <exception cref="ShapeMismatchException">The windows have other lengths.</exception>
    public void CopyWindows(int from, int to, int count)
    {
        TensorView<float> source = Values.SliceRows(FirstRow(from), FirstRow(from + count) - FirstRow(from));
        TensorView<float> target = Values.SliceRows(FirstRow(to), FirstRow(to + count) - FirstRow(to));
        if (source.Rows != target.Rows)
        {
            throw new ShapeMismatchException(nameof(to), target.ToString(), source.ToString());
        }

        Copy(source, target);
    }

    /// <summary>Consecutive windows as a stream of their own in the same memory, which must outlive it.</summary>
    /// <param name="first">First window.</param>
    /// <param name="count">Windows.</param>
    public ResidualStream Part(int first, int count) =>
        new([.. Windows.Skip(first).Take(count)], HiddenSize, _values, _offset + ((long)FirstRow(first) * HiddenSize));

    /// <inheritdoc />
    public void Dispose()
    {
        if (_ownsValues)
        {
            _values.Dispose();
        }
    }

    private static unsafe void Copy(TensorView<float> source, TensorView<float> target)
    {
        long bytes = (long)source.Rows * source.Columns * sizeof(float);
        Buffer.MemoryCopy(source.Pointer, target.Pointer, bytes, bytes);
    }
}
