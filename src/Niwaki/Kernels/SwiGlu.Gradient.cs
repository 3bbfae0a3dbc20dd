using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

public static unsafe partial class SwiGlu
{
    /// <summary>The gradients of y = silu(gate) · up.</summary>
    /// <remarks>
    /// With s = 1 / (1 + e^-gate): dgate = dy · up · s · (1 + gate · (1 - s)) and dup = dy · gate · s. float32, element by element. Same bits for any
    /// number of threads. A gate of -∞ gives NaN, as in the forward pass.
    /// </remarks>
    /// <param name="team">The threads that run it.</param>
    /// <param name="gateUp">[rows, 2n]: the first n columns are the gate, the others up.</param>
    /// <param name="outputGradient">dY, [rows, n].</param>
    /// <param name="gateUpGradient">[rows, 2n], written: dgate, then dup; the memory of gateUp or other memory.</param>
    /// <exception cref="ShapeMismatchException">The columns of gateUp are not twice those of dY, or another count differs.</exception>
    /// <exception cref="ArgumentException">The gradient overlaps gateUp in part, or dY.</exception>
    public static void Gradient(ThreadTeam team, TensorView<float> gateUp, TensorView<float> outputGradient, TensorView<float> gateUpGradient)
    {
        ArgumentNullException.ThrowIfNull(team);
        if (gateUp.Rows != outputGradient.Rows || gateUp.Columns != 2L * outputGradient.Columns)
        {
            throw new ShapeMismatchException(nameof(gateUp), gateUp.ToString(), $"[{outputGradient.Rows}, {2L * outputGradient.Columns}]");
        }

        if (gateUpGradient.Rows != gateUp.Rows || gateUpGradient.Columns != gateUp.Columns)
        {
            throw new ShapeMismatchException(nameof(gateUpGradient), gateUpGradient.ToString(), gateUp.ToString());
        }

        MemoryOverlap.ThrowIfPartial(gateUp, gateUpGradient, nameof(gateUpGradient));
        MemoryOverlap.ThrowIfShared(outputGradient, gateUpGradient, nameof(gateUpGradient));
        team.For(gateUp.Rows, RowChunk.Rows(gateUp.Columns), new SwiGluGradientKernel(gateUp, outputGradient, gateUpGradient));
    }
}
