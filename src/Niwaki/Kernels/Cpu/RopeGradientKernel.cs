using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of heads whose pairs are turned back in place.</summary>
/// <param name="X">[rows, heads·headDim].</param>
/// <param name="Positions">Position of each row.</param>
/// <param name="Angles">[positions, 2, rotaryDim/2]: cos, then sin.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="RotaryDim">Elements of a head that turn.</param>
/// <param name="Pairing">Which elements are a pair.</param>
internal readonly unsafe record struct RopeGradientKernel(
    TensorView<float> X, nint Positions, nint Angles, int HeadDim, int RotaryDim, RopePairing Pairing) : IForBody
{
    public void Execute(int first, int end)
    {
        int pairs = RotaryDim / 2;
        for (int row = first; row < end; row++)
        {
            float* cos = (float*)Angles + ((long)((int*)Positions)[row] * RotaryDim);
            for (int column = 0; column < X.Columns; column += HeadDim)
            {
                float* head = X.RowPointer(row) + column;
                if (Pairing == RopePairing.HalfSplit)
                {
                    HalfSplit(head, cos, cos + pairs, pairs);
                }
                else
                {
                    Scalar(head, 1, 2, cos, cos + pairs, 0, pairs);
                }
            }
        }
    }

    /// <summary>Pairs (i, i + pairs) of one head at a given register width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void HalfSplit<TLanes>(float* head, float* cos, float* sin, int pairs)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int i = 0;
        for (; i <= pairs - TLanes.Count; i += TLanes.Count)
        {
            TLanes a = TLanes.Load(head + i);
            TLanes b = TLanes.Load(head + pairs + i);
            TLanes c = TLanes.Load(cos + i);
            TLanes s = TLanes.Load(sin + i);
            ((a * c) + (b * s)).Store(head + i);
            ((b * c) - (a * s)).Store(head + pairs + i);
        }

        Scalar(head, pairs, 1, cos, sin, i, pairs);
    }

    /// <summary>The scalar twin of every pairing.</summary>
    /// <param name="head">First element of the head.</param>
    /// <param name="distance">Elements from the first of a pair to the second.</param>
    /// <param name="step">Elements from one pair to the next.</param>
    /// <param name="cos">[pairs].</param>
    /// <param name="sin">[pairs].</param>
    /// <param name="first">Pair to begin with.</param>
    /// <param name="pairs">Pairs of a head.</param>
    internal static void Scalar(float* head, int distance, int step, float* cos, float* sin, int first, int pairs)
    {
        for (int i = first; i < pairs; i++)
        {
            float a = head[i * step];
            float b = head[(i * step) + distance];
            head[i * step] = (a * cos[i]) + (b * sin[i]);
            head[(i * step) + distance] = (b * cos[i]) - (a * sin[i]);
        }
    }

    private static void HalfSplit(float* head, float* cos, float* sin, int pairs)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            HalfSplit<Lanes512>(head, cos, sin, pairs);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            HalfSplit<Lanes256>(head, cos, sin, pairs);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            HalfSplit<Lanes128>(head, cos, sin, pairs);
        }
        else
        {
            Scalar(head, pairs, 1, cos, sin, 0, pairs);
        }
    }
}
