using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>The gated activation of Llama-style feed-forward layers (Shazeer, 2020, SwiGLU).</summary>
public static unsafe partial class SwiGlu
{
    /// <summary>y = silu(gate) · up · factor, silu(x) = x / (1 + e^-x).</summary>
    /// <remarks>
    /// float32, element by element; the exponential is at most 1 unit in the last place off. A factor of 0 gives 0 whatever was there, NaN and ∞ included: off
    /// means off. A factor of 1 changes nothing. Same bits for any number of threads.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="gateUp">[rows, 2n]: the first n columns are the gate, the others up, as one stacked product leaves them.</param>
    /// <param name="y">[rows, n]; may be the gate itself, <c>gateUp.SliceColumns(0, n)</c>, or up.</param>
    /// <param name="factors">[n], one for every neuron; empty: all 1.</param>
    /// <exception cref="ShapeMismatchException">The columns of gateUp are not twice those of y, the rows differ, or there is not one factor for each neuron.</exception>
    /// <exception cref="ArgumentException">Y overlaps the gate or up in part.</exception>
    public static void Apply(ThreadTeam team, TensorView<float> gateUp, TensorView<float> y, ReadOnlySpan<float> factors = default)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (gateUp.Rows != y.Rows || gateUp.Columns != 2L * y.Columns)
        {
            throw new ShapeMismatchException(nameof(gateUp), gateUp.ToString(), $"[{y.Rows}, {2L * y.Columns}]");
        }

        if (factors.Length != 0 && factors.Length != y.Columns)
        {
            throw new ShapeMismatchException(nameof(factors), $"[{factors.Length}]", $"[{y.Columns}] or none");
        }

        MemoryOverlap.ThrowIfPartial(gateUp.SliceColumns(0, y.Columns), y, nameof(y));
        MemoryOverlap.ThrowIfPartial(gateUp.SliceColumns(y.Columns, y.Columns), y, nameof(y));
        fixed (float* factor = factors)
        {
            team.For(y.Rows, RowChunk.Rows(gateUp.Columns), new SwiGluKernel(
                (nint)gateUp.Pointer, gateUp.RowStride, (nint)y.Pointer, y.RowStride, y.Columns, (nint)factor));
        }
    }
}
