using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows of heads whose pairs are turned in place.</summary>
/// <param name="X">First row.</param>
/// <param name="Stride">Elements from one row to the next.</param>
/// <param name="Positions">Position of each row.</param>
/// <param name="Angles">[positions, 2, rotaryDim/2]: cos, then sin.</param>
/// <param name="Heads">Heads of a row.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="RotaryDim">Elements of a head that turn.</param>
/// <param name="Pairing">Which elements are a pair.</param>
internal readonly unsafe record struct RopeKernel(
    nint X, long Stride, nint Positions, nint Angles, int Heads, int HeadDim, int RotaryDim, RopePairing Pairing) : IForBody
{
    public void Execute(int first, int end)
    {
        int pairs = RotaryDim / 2;
        for (int row = first; row < end; row++)
        {
            float* head = (float*)X + (row * Stride);
            float* cos = (float*)Angles + ((long)((int*)Positions)[row] * RotaryDim);
            for (int h = 0; h < Heads; h++, head += HeadDim)
            {
                if (Pairing == RopePairing.HalfSplit)
                {
                    HalfSplit(head, cos, cos + pairs, pairs);
                }
                else
                {
                    Adjacent(head, cos, cos + pairs, pairs);
                }
            }
        }
    }

    /// <summary>The scalar twin of <see cref="HalfSplit{TLanes}"/>.</summary>
    internal static void HalfSplitScalar(float* head, float* cos, float* sin, int pairs)
    {
        for (int i = 0; i < pairs; i++)
        {
            float a = head[i];
            float b = head[pairs + i];
            head[i] = (a * cos[i]) - (b * sin[i]);
            head[pairs + i] = (b * cos[i]) + (a * sin[i]);
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
            ((a * c) - (b * s)).Store(head + i);
            ((b * c) + (a * s)).Store(head + pairs + i);
        }

        for (; i < pairs; i++)
        {
            float a = head[i];
            float b = head[pairs + i];
            head[i] = (a * cos[i]) - (b * sin[i]);
            head[pairs + i] = (b * cos[i]) + (a * sin[i]);
        }
    }

    /// <summary>The scalar twin of <see cref="Adjacent"/>.</summary>
    internal static void AdjacentScalar(float* head, float* cos, float* sin, int pairs)
    {
        for (int i = 0; i < pairs; i++)
        {
            float a = head[2 * i];
            float b = head[(2 * i) + 1];
            head[2 * i] = (a * cos[i]) - (b * sin[i]);
            head[(2 * i) + 1] = (b * cos[i]) + (a * sin[i]);
        }
    }

    /// <summary>Pairs (2i, 2i + 1) of one head, two at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Adjacent(float* head, float* cos, float* sin, int pairs)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> sign = Vector128.Create(-1f, 1, -1, 1);
            Vector128<int> twice = Vector128.Create(0, 0, 1, 1);
            Vector128<int> swap = Vector128.Create(1, 0, 3, 2);
            for (; i <= pairs - 2; i += 2)
            {
                Vector128<float> x = Vector128.Load(head + (2 * i));
                Vector128<float> c = Vector128.Shuffle(Vector64.Load(cos + i).ToVector128Unsafe(), twice); // c0 c0 c1 c1
                Vector128<float> s = Vector128.Shuffle(Vector64.Load(sin + i).ToVector128Unsafe(), twice) * sign;
                ((x * c) + (Vector128.Shuffle(x, swap) * s)).Store(head + (2 * i));
            }
        }

        AdjacentScalar(head + (2 * i), cos + i, sin + i, pairs - i);
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
            HalfSplitScalar(head, cos, sin, pairs);
        }
    }
}
