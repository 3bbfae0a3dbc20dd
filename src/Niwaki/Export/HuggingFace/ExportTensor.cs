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
        int rows = Target.Shape.Count < 2 ? 1 : checked((int)Target.Shape[0]);
        byte[] row = new byte[Target.ByteLength / Math.Max(1, rows)];
        for (int r = 0; r < rows; r++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int from = Rows is null ? r : Rows[r];
            Array.Clear(row);
            if (stored is not null && from >= 0)
            {
                WeightView view = stored.View;
                Fill(new ReadOnlySpan<byte>(view.RowPointer(from), checked((int)view.RowBytes)), view.ElementType.SizeInBytes(), row);
            }

            destination.Write(row);
        }
    }

    private void Fill(ReadOnlySpan<byte> stored, int size, byte[] row)
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
                stored.Slice(Columns[c] * size, size).CopyTo(row.AsSpan(c * size));
            }
        }
    }
}
