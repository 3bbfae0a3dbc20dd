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

        for (int row = 0; row < ids.Length; row++)
        {
            if ((uint)ids[row] >= (uint)table.Rows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(ids), ids[row], $"Token id at row {row} is {ids[row]}, expected 0 to {table.Rows - 1}, the rows of the table.");
            }
        }

        fixed (int* id = ids)
        {
            team.For(y.Rows, RowChunk.Rows(y.Columns), new EmbeddingKernel(table, (nint)id, y));
        }
    }
}
