using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows through silu(gate) · up.</summary>
/// <param name="GateUp">First input row: gate, then up.</param>
/// <param name="GateUpStride">Elements from one input row to the next.</param>
/// <param name="Y">First output row; may be the gate or up.</param>
/// <param name="YStride">Elements from one output row to the next.</param>
/// <param name="Width">Elements of an output row.</param>
internal readonly unsafe record struct SwiGluKernel(nint GateUp, long GateUpStride, nint Y, long YStride, int Width) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* gate = (float*)GateUp + (row * GateUpStride);
            float* y = (float*)Y + (row * YStride);
            if (Vector512.IsHardwareAccelerated)
            {
                Row<Lanes512>(gate, gate + Width, y, Width);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                Row<Lanes256>(gate, gate + Width, y, Width);
            }
            else if (Vector128.IsHardwareAccelerated)
            {
                Row<Lanes128>(gate, gate + Width, y, Width);
            }
            else
            {
                RowScalar(gate, gate + Width, y, Width);
            }
        }
    }

    /// <summary>The scalar twin: also what runs where there are no vector instructions.</summary>
    internal static void RowScalar(float* gate, float* up, float* y, int width)
    {
        for (int i = 0; i < width; i++)
        {
            y[i] = VectorMath.SiluScalar(gate[i]) * up[i];
        }
    }

    /// <summary>One row at a given register width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row<TLanes>(float* gate, float* up, float* y, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
        {
            (VectorMath.Silu(TLanes.Load(gate + i)) * TLanes.Load(up + i)).Store(y + i);
        }

        if (i < width)
        {
            int count = width - i;
            TLanes last = VectorMath.Silu(PartialLanes.Load<TLanes>(gate + i, count)) * PartialLanes.Load<TLanes>(up + i, count);
            PartialLanes.Store(last, y + i, count);
        }
    }
}
