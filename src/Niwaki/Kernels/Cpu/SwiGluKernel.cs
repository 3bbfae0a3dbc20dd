using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows through silu(gate) · up, and through the factors of sub-models.</summary>
/// <param name="GateUp">First input row: gate, then up.</param>
/// <param name="GateUpStride">Elements from one input row to the next.</param>
/// <param name="Y">First output row; may be the gate or up.</param>
/// <param name="YStride">Elements from one output row to the next.</param>
/// <param name="Width">Elements of an output row.</param>
/// <param name="Factors">[width] factors of the columns of Y; 0: none.</param>
internal readonly unsafe record struct SwiGluKernel(nint GateUp, long GateUpStride, nint Y, long YStride, int Width, nint Factors) : IForBody
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

            if (Factors != 0)
            {
                Scale(y, (float*)Factors, Width); // the row is still in the first-level cache
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

    /// <summary>The scalar twin of <see cref="Scale"/>.</summary>
    internal static void ScaleScalar(float* y, float* factors, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = factors[i] == 0 ? 0 : y[i] * factors[i];
        }
    }

    /// <summary>y *= factors. No branch, for the processor cannot guess which neurons are off.</summary>
    internal static void Scale(float* y, float* factors, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> factor = Vector.Load(factors + i);
            Vector.Store(Vector.ConditionalSelect(Vector.Equals(factor, Vector<float>.Zero), Vector<float>.Zero, Vector.Load(y + i) * factor), y + i);
        }

        ScaleScalar(y + i, factors + i, count - i);
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
