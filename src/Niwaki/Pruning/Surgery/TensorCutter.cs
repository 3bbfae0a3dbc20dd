using Niwaki.Plans;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Surgery;

/// <summary>Writes what stays of a stored matrix, bit for bit, a row at a time.</summary>
internal static unsafe class TensorCutter
{
    /// <param name="matrix">The matrix, [rows, columns].</param>
    /// <param name="rows">Rows that stay, ascending; null: all.</param>
    /// <param name="columns">Columns that stay, ascending; null: all.</param>
    /// <param name="destination">Receives the elements, row-major.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    public static void Write(
        WeightView matrix,
        IReadOnlyList<IndexRange>? rows,
        IReadOnlyList<IndexRange>? columns,
        Stream destination,
        CancellationToken cancellationToken)
    {
        int elementBytes = matrix.ElementType.SizeInBytes();
        byte[] kept = new byte[columns is null ? 0 : columns.Sum(range => range.Count) * elementBytes];
        foreach (IndexRange range in rows ?? [new IndexRange(0, matrix.Rows - 1)])
        {
            for (int row = range.First; row <= range.Last; row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var stored = new ReadOnlySpan<byte>(matrix.RowPointer(row), checked((int)matrix.RowBytes));
                destination.Write(columns is null ? stored : Gather(stored, columns, elementBytes, kept));
            }
        }
    }

    private static ReadOnlySpan<byte> Gather(ReadOnlySpan<byte> row, IReadOnlyList<IndexRange> columns, int elementBytes, byte[] kept)
    {
        int filled = 0;
        for (int i = 0; i < columns.Count; i++)
        {
            ReadOnlySpan<byte> run = row.Slice(columns[i].First * elementBytes, columns[i].Count * elementBytes);
            run.CopyTo(kept.AsSpan(filled));
            filled += run.Length;
        }

        return kept;
    }
}
