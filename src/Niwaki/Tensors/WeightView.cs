namespace Niwaki.Tensors;

/// <summary>A stored weight matrix as it lies in a file or a buffer: element type, shape and first byte. Somebody else owns the memory.</summary>
/// <remarks>A vector is a matrix of one row. The view does not keep its memory alive.</remarks>
public readonly unsafe struct WeightView
{
    /// <summary>Describes a stored matrix.</summary>
    /// <param name="pointer">The first byte; need not be aligned to the element.</param>
    /// <param name="elementType">Encoding of an element.</param>
    /// <param name="rows">Rows (outputs of a linear), 0 or more.</param>
    /// <param name="columns">Columns (inputs of a linear), 0 or more; rows follow each other without a gap.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    /// <exception cref="ArgumentException">A row of <see cref="ElementType.Q8_0"/> does not consist of whole blocks.</exception>
    public WeightView(void* pointer, ElementType elementType, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (elementType == ElementType.Q8_0 && columns % ElementTypes.Q8BlockLength != 0)
        {
            throw new ArgumentException($"Row of Q8_0 has {columns} columns, expected a multiple of {ElementTypes.Q8BlockLength}.", nameof(columns));
        }

        Pointer = (byte*)pointer;
        ElementType = elementType;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>Encoding of the numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Bytes of one row.</summary>
    public long RowBytes => ElementType.RowBytes(Columns);

    /// <summary>Elements.</summary>
    public long Count => (long)Rows * Columns;

    /// <summary>The first byte of a row, unchecked.</summary>
    /// <param name="row">0 to rows - 1.</param>
    public byte* RowPointer(long row) => Pointer + (row * RowBytes);

    /// <summary>Some consecutive rows.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows taken.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public WeightView SliceRows(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows, nameof(count));
        return new WeightView(RowPointer(first), ElementType, count, Columns);
    }

    /// <summary>Element type and shape as text, such as <c>BF16 [512, 64]</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{ElementType} [{Rows}, {Columns}]");
}
