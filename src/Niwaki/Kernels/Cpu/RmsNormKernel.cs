using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Niwaki.Kernels.Cpu;

/// <summary>Rows (or heads of rows) through the RMS norm; each row alone, in a fixed order.</summary>
/// <param name="X">First row of the input.</param>
/// <param name="XStride">Elements from one input row to the next.</param>
/// <param name="Y">First row of the output; may be <paramref name="X"/>.</param>
/// <param name="YStride">Elements from one output row to the next.</param>
/// <param name="Weight">One factor per element of a group.</param>
/// <param name="Groups">Groups of a row that are normalised one by one: 1, or the heads.</param>
/// <param name="Width">Elements of a group.</param>
/// <param name="Epsilon">Added to the mean of squares.</param>
internal readonly unsafe record struct RmsNormKernel(
    nint X, long XStride, nint Y, long YStride, nint Weight, int Groups, int Width, float Epsilon) : IForBody
{
    public void Execute(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            float* x = (float*)X + (row * XStride);
            float* y = (float*)Y + (row * YStride);
            for (int group = 0; group < Groups; group++, x += Width, y += Width)
            {
                Row(x, (float*)Weight, y, Width, Epsilon);
            }
        }
    }

    /// <summary>The scalar twin: also what runs where there are no vector instructions.</summary>
    internal static void RowScalar(float* x, float* weight, float* y, int width, float epsilon)
    {
        float squares = 0;
        for (int i = 0; i < width; i++)
        {
            squares += x[i] * x[i];
        }

        float inverse = Inverse(squares, width, epsilon);
        for (int i = 0; i < width; i++)
        {
            y[i] = x[i] * inverse * weight[i];
        }
    }

    /// <summary>One row at a given register width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row<TLanes>(float* x, float* weight, float* y, int width, float epsilon)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        int lanes = TLanes.Count;
        TLanes sum0 = default;
        TLanes sum1 = default;
        TLanes sum2 = default;
        TLanes sum3 = default;
        int i = 0;
        for (; i <= width - (4 * lanes); i += 4 * lanes)
        {
            sum0 = AddSquare(TLanes.Load(x + i), sum0);
            sum1 = AddSquare(TLanes.Load(x + i + lanes), sum1);
            sum2 = AddSquare(TLanes.Load(x + i + (2 * lanes)), sum2);
            sum3 = AddSquare(TLanes.Load(x + i + (3 * lanes)), sum3);
        }

        for (; i <= width - lanes; i += lanes)
        {
            sum0 = AddSquare(TLanes.Load(x + i), sum0);
        }

        if (i < width)
        {
            sum1 = AddSquare(PartialLanes.Load<TLanes>(x + i, width - i), sum1);
        }

        float squares = TLanes.SumAcross(sum0 + sum1 + (sum2 + sum3));
        TLanes inverse = TLanes.Create(Inverse(squares, width, epsilon));
        for (i = 0; i <= width - lanes; i += lanes)
        {
            (TLanes.Load(x + i) * inverse * TLanes.Load(weight + i)).Store(y + i);
        }

        if (i < width)
        {
            TLanes last = PartialLanes.Load<TLanes>(x + i, width - i) * inverse * PartialLanes.Load<TLanes>(weight + i, width - i);
            PartialLanes.Store(last, y + i, width - i);
        }
    }

    private static void Row(float* x, float* weight, float* y, int width, float epsilon)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Row<Lanes512>(x, weight, y, width, epsilon);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Row<Lanes256>(x, weight, y, width, epsilon);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Row<Lanes128>(x, weight, y, width, epsilon);
        }
        else
        {
            RowScalar(x, weight, y, width, epsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddSquare<TLanes>(TLanes x, TLanes sum)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.MultiplyAdd(x, x, sum);

    private static float Inverse(float squares, int width, float epsilon) => 1 / MathF.Sqrt((squares / width) + epsilon);
}
