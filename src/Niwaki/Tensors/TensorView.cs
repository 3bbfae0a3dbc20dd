using System.Runtime.CompilerServices;

namespace Niwaki.Tensors;

/// <summary>A matrix in memory that somebody else owns: rows of equal length at a constant distance.</summary>
/// <remarks>A view does not keep its memory alive and checks nothing while elements are read; operations check shapes when they start.</remarks>
/// <typeparam name="T">Element, a plain value.</typeparam>
public readonly unsafe struct TensorView<T>
    where T : unmanaged
{
    /// <summary>Describes a matrix.</summary>
    /// <param name="pointer">The first element.</param>
    /// <param name="rows">Rows, 0 or more.</param>
    /// <param name="columns">Columns, 0 or more.</param>
    /// <param name="rowStride">Elements from one row to the next, at least <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, or the rows would overlap.</exception>
    public TensorView(T* pointer, int rows, int columns, long rowStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowStride, columns);
        Pointer = pointer;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
    }

    /// <summary>Describes a matrix whose rows follow each other without a gap.</summary>
    /// <param name="buffer">Owner of the memory; must outlive the view.</param>
    /// <param name="rows">Rows, 0 or more.</param>
    /// <param name="columns">Columns, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, or the buffer is shorter than rows × columns.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of, and the matrix has elements.</exception>
    public TensorView(NativeBuffer<T> buffer, int rows, int columns)
        : this(buffer is null ? null : buffer.Pointer, rows, columns, columns)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, (long)rows * columns, nameof(buffer));
        ObjectDisposedException.ThrowIf(Pointer is null && rows > 0 && columns > 0, buffer);
    }

    /// <summary>The first element.</summary>
    public T* Pointer { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Elements from one row to the next.</summary>
    public long RowStride { get; }

    /// <summary>The elements of one row, [columns].</summary>
    /// <param name="row">0 to rows - 1.</param>
    public Span<T> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            return new Span<T>(RowPointer(row), Columns);
        }
    }

    /// <summary>The first element of a row, unchecked: for loops that checked their bounds before.</summary>
    /// <param name="row">0 to rows - 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* RowPointer(long row) => Pointer + (row * RowStride);

    /// <summary>Some consecutive rows.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows taken.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public TensorView<T> SliceRows(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows, nameof(count));
        return new TensorView<T>(Pointer + (first * RowStride), count, Columns, RowStride);
    }

    /// <summary>Some consecutive columns.</summary>
    /// <param name="first">First column.</param>
    /// <param name="count">Columns taken.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public TensorView<T> SliceColumns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Columns, nameof(count));
        return new TensorView<T>(Pointer + first, Rows, count, RowStride);
    }

    /// <summary>The shape as text, such as <c>[512, 64]</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"[{Rows}, {Columns}]");
}
