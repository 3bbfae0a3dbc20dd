using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Looks up rows of a stored table.</summary>
public static unsafe class Embedding
{
    /// <summary>y[r] = table[ids[r]], widened to float32 exactly.</summary>
    /// <param name="team">The threads that run it.</param>
    /// <param name="table">[vocabulary, width], any element type.</param>
    /// <param name="ids">[rows], 0 to vocabulary - 1.</param>
    /// <param name="y">[rows, width], written.</param>
    /// <exception cref="ShapeMismatchException">Y has not one row for each id, or another width than the table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is no row of the table. Nothing was written.</exception>
    public static void Apply(ThreadTeam team, WeightView table, ReadOnlySpan<int> ids, TensorView<float> y)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (y.Rows != ids.Length || y.Columns != table.Columns)
        {
            throw new ShapeMismatchException(nameof(y), y.ToString(), $"[{ids.Length}, {table.Columns}]");
        }

        ThrowIfNotRows(table.Rows, ids);
        fixed (int* id = ids)
        {
            team.For(y.Rows, RowChunk.Rows(y.Columns), new EmbeddingKernel(table, (nint)id, y));
        }
    }

    /// <summary>Adds the gradient of a looked-up table: dtable[ids[r]] += dy[r].</summary>
    /// <remarks>float32, rows in their order. Same bits for any number of threads.</remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="ids">[rows], 0 to vocabulary - 1.</param>
    /// <param name="outputGradient">dY, [rows, width].</param>
    /// <param name="tableGradient">[vocabulary, width], added to; must not overlap dY.</param>
    /// <exception cref="ShapeMismatchException">dY has not one row for each id, or another width than the table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is no row of the table. Nothing was written.</exception>
    /// <exception cref="ArgumentException">The gradient of the table overlaps dY.</exception>
    public static void Gradient(ThreadTeam team, ReadOnlySpan<int> ids, TensorView<float> outputGradient, TensorView<float> tableGradient)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (outputGradient.Rows != ids.Length || outputGradient.Columns != tableGradient.Columns)
        {
            throw new ShapeMismatchException(nameof(outputGradient), outputGradient.ToString(), $"[{ids.Length}, {tableGradient.Columns}]");
        }

        ThrowIfNotRows(tableGradient.Rows, ids);
        MemoryOverlap.ThrowIfShared(outputGradient, tableGradient, nameof(tableGradient));
        fixed (int* id = ids)
        {
            team.For(tableGradient.Columns, EmbeddingGradientKernel.ColumnsOfTicket, new EmbeddingGradientKernel((nint)id, outputGradient, tableGradient));
        }
    }

    private static void ThrowIfNotRows(int rows, ReadOnlySpan<int> ids)
    {
        for (int row = 0; row < ids.Length; row++)
        {
            if ((uint)ids[row] >= (uint)rows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(ids), ids[row], $"Token id at row {row} is {ids[row]}, expected 0 to {rows - 1}, the rows of the table.");
            }
        }
    }
}
