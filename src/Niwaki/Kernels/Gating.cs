using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Switches groups of columns (heads, neurons) off or scales them.</summary>
public static unsafe class Gating
{
    /// <summary>x[r, g·width + i] *= gate[g], in place.</summary>
    /// <remarks>A gate of 0 writes zeros whatever was there, NaN and ∞ included: off means off. A gate of 1 leaves its group untouched.</remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="x">X, [rows, groups·width], read and written.</param>
    /// <param name="width">Columns of a group, 1 or more.</param>
    /// <param name="gates">[groups], one factor for each group.</param>
    /// <exception cref="ShapeMismatchException">The columns are not groups · width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public static void Apply(ThreadTeam team, TensorView<float> x, int width, ReadOnlySpan<float> gates)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (x.Columns != (long)gates.Length * width)
        {
            throw new ShapeMismatchException(nameof(x), x.ToString(), $"[rows, {gates.Length} · {width}]");
        }

        fixed (float* gate = gates)
        {
            team.For(x.Rows, RowChunk.Rows(x.Columns), new GatingKernel((nint)x.Pointer, x.RowStride, (nint)gate, gates.Length, width));
        }
    }
}
