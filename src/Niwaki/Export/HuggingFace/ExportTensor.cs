using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Export.HuggingFace;

/// <summary>One tensor of an exported folder: copied, or filled up with zeros a row at a time.</summary>
/// <param name="Target">Name, element type and shape.</param>
internal sealed unsafe record ExportTensor(PlannedTensor Target)
{
    /// <summary>Name in the source of a tensor that is copied whole; null: it is not.</summary>
    public string? CopyOf { get; init; }

    /// <summary>Opens the stored tensor that is filled up; null: all zeros.</summary>
    public Func<BorrowedWeights>? Stored { get; init; }

    /// <summary>For every row the row of the source, or -1 for zeros; null: the rows of the source.</summary>
    public int[]? Rows { get; init; }

    /// <summary>For every column the column of the source, or -1 for a zero; null: the columns of the source.</summary>
    public int[]? Columns { get; init; }

    /// <summary>Writes the elements, row-major.</summary>
    /// <param name="source">The model.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    public void Write(Checkpoint source, Stream destination, CancellationToken cancellationToken)
    {
        if (CopyOf is { } name)
        {
            source.CopyTensor(name, destination, cancellationToken);
            return;
        }

        using BorrowedWeights? stored = Stored?.Invoke();
        byte[] row = new byte[RowBytes];
        for (int r = 0; r < RowCount; r++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FillRow(stored?.View, r, row);
            destination.Write(row);
        }
    }

    /// <summary>Rows; a vector is one.</summary>
    public int RowCount => Target.Shape.Count < 2 ? 1 : checked((int)Target.Shape[0]);

    /// <summary>Bytes of a row.</summary>
    public int RowBytes => checked((int)(Target.ByteLength / Math.Max(1, RowCount)));

    /// <summary>The elements of one row.</summary>
    /// <param name="stored">What <see cref="Stored"/> opened; null: all zeros.</param>
    /// <param name="row">Row.</param>
    /// <param name="target"><see cref="RowBytes"/> bytes, written.</param>
    public void FillRow(WeightView? stored, int row, Span<byte> target)
    {
        target.Clear();
        int from = Rows is null ? row : Rows[row];
        if (stored is { } view && from >= 0)
        {
            Fill(new ReadOnlySpan<byte>(view.RowPointer(from), checked((int)view.RowBytes)), view.ElementType.SizeInBytes(), target);
        }
    }

    private void Fill(ReadOnlySpan<byte> stored, int size, Span<byte> row)
    {
        if (Columns is null)
        {
            stored.CopyTo(row);
            return;
        }

        for (int c = 0; c < Columns.Length; c++)
        {
            if (Columns[c] >= 0)
            {
                stored.Slice(Columns[c] * size, size).CopyTo(row[(c * size)..]);
            }
        }
    }
}
