using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows through the gradients of silu(gate) · up.</summary>
/// <param name="GateUp">[rows, 2n]: gate, then up.</param>
/// <param name="OutputGradient">[rows, n].</param>
/// <param name="GateUpGradient">[rows, 2n], written; may be <paramref name="GateUp"/>.</param>
internal readonly unsafe record struct SwiGluGradientKernel(
    TensorView<float> GateUp, TensorView<float> OutputGradient, TensorView<float> GateUpGradient) : IForBody
{
    public void Execute(int first, int end)
    {
        int width = OutputGradient.Columns;
        for (int row = first; row < end; row++)
        {
            float* gate = GateUp.RowPointer(row);
            float* dy = OutputGradient.RowPointer(row);
            float* target = GateUpGradient.RowPointer(row);
            if (Vector512.IsHardwareAccelerated)
            {
                Row<Lanes512>(gate, dy, target, width);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                Row<Lanes256>(gate, dy, target, width);
            }
            else if (Vector128.IsHardwareAccelerated)
            {
                Row<Lanes128>(gate, dy, target, width);
            }
            else
            {
                RowScalar(gate, dy, target, 0, width);
            }
        }
    }

    /// <summary>The scalar twin, from a column on.</summary>
    internal static void RowScalar(float* gateUp, float* dy, float* target, int first, int width)
    {
        for (int i = first; i < width; i++)
        {
            float gate = gateUp[i];
            float up = gateUp[width + i];
            float sigmoid = 1 / (1 + MathF.Exp(-gate));
            target[width + i] = dy[i] * gate * sigmoid;
            target[i] = dy[i] * up * sigmoid * (1 + (gate * (1 - sigmoid)));
        }
    }

    /// <summary>One row at a given register width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row<TLanes>(float* gateUp, float* dy, float* target, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes one = TLanes.Create(1);
        int i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
        {
            TLanes gate = TLanes.Load(gateUp + i);
            TLanes up = TLanes.Load(gateUp + width + i);
            TLanes gradient = TLanes.Load(dy + i);
            TLanes sigmoid = one / (one + VectorMath.Exp(TLanes.Create(0) - gate));
            (gradient * gate * sigmoid).Store(target + width + i);
            (gradient * up * sigmoid * TLanes.MultiplyAdd(gate, one - sigmoid, one)).Store(target + i);
        }

        RowScalar(gateUp, dy, target, i, width);
    }
}
