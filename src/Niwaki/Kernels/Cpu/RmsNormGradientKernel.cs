using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>Chunks of rows through the gradients of the RMS norm; every chunk leaves its own sum of the gradient of the weight.</summary>
/// <param name="X">[rows, groups·width]: what was normalised.</param>
/// <param name="OutputGradient">The shape of X.</param>
/// <param name="InputGradient">The shape of X; written or added to.</param>
/// <param name="Weight">[width].</param>
/// <param name="Partial">[chunks, width], written.</param>
/// <param name="Width">Elements of a group: a row or a head.</param>
/// <param name="Epsilon">Added to the mean of squares.</param>
/// <param name="Accumulate">Whether the gradient of X is added to what is there.</param>
internal readonly unsafe record struct RmsNormGradientKernel(
    TensorView<float> X,
    TensorView<float> OutputGradient,
    TensorView<float> InputGradient,
    nint Weight,
    nint Partial,
    int Width,
    float Epsilon,
    bool Accumulate) : IForBody
{
    private const int ChunkRows = 64;

    /// <summary>Chunks of so many rows: they depend on nothing else, so that the sums do not.</summary>
    public static int Chunks(int rows) => (int)(((long)rows + ChunkRows - 1) / ChunkRows);

    public void Execute(int first, int end)
    {
        for (int chunk = first; chunk < end; chunk++)
        {
            float* sums = (float*)Partial + ((long)chunk * Width);
            new Span<float>(sums, Width).Clear();
            int last = Math.Min(X.Rows, (chunk + 1) * ChunkRows);
            for (int row = chunk * ChunkRows; row < last; row++)
            {
                for (int column = 0; column < X.Columns; column += Width)
                {
                    Group(X.RowPointer(row) + column, OutputGradient.RowPointer(row) + column, InputGradient.RowPointer(row) + column, sums);
                }
            }
        }
    }

    /// <summary>The scalar twin: also what runs where there are no vector instructions.</summary>
    internal void GroupScalar(float* x, float* dy, float* dx, float* dw)
    {
        float* w = (float*)Weight;
        float squares = 0;
        float products = 0;
        for (int i = 0; i < Width; i++)
        {
            squares += x[i] * x[i];
            products += dy[i] * w[i] * x[i];
        }

        float r = Inverse(squares);
        float shared = r * r * r * products / Width;
        for (int i = 0; i < Width; i++)
        {
            float gradient = (r * w[i] * dy[i]) - (shared * x[i]);
            dw[i] += dy[i] * x[i] * r;
            dx[i] = Accumulate ? dx[i] + gradient : gradient;
        }
    }

    /// <summary>One group at a given register width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Group<TLanes>(float* x, float* dy, float* dx, float* dw)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        float* w = (float*)Weight;
        int whole = Width / TLanes.Count * TLanes.Count;
        int rest = Width - whole;
        TLanes squares = default;
        TLanes products = default;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(x + i);
            squares = TLanes.MultiplyAdd(value, value, squares);
            products = TLanes.MultiplyAdd(TLanes.Load(dy + i) * TLanes.Load(w + i), value, products);
        }

        if (rest > 0)
        {
            TLanes value = PartialLanes.Load<TLanes>(x + whole, rest);
            squares = TLanes.MultiplyAdd(value, value, squares);
            products = TLanes.MultiplyAdd(PartialLanes.Load<TLanes>(dy + whole, rest) * PartialLanes.Load<TLanes>(w + whole, rest), value, products);
        }

        float inverse = Inverse(TLanes.SumAcross(squares));
        TLanes r = TLanes.Create(inverse);
        TLanes shared = TLanes.Create(-(inverse * inverse * inverse * TLanes.SumAcross(products) / Width));
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(x + i);
            TLanes scaled = TLanes.Load(dy + i) * r;
            TLanes.MultiplyAdd(scaled, value, TLanes.Load(dw + i)).Store(dw + i);
            TLanes gradient = TLanes.MultiplyAdd(shared, value, scaled * TLanes.Load(w + i));
            (Accumulate ? TLanes.Load(dx + i) + gradient : gradient).Store(dx + i);
        }

        for (int i = whole; i < Width; i++)
        {
            float scaled = dy[i] * inverse;
            float gradient = (scaled * w[i]) - (inverse * inverse * inverse * TLanes.SumAcross(products) / Width * x[i]);
            dw[i] += scaled * x[i];
            dx[i] = Accumulate ? dx[i] + gradient : gradient;
        }
    }

    private void Group(float* x, float* dy, float* dx, float* dw)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Group<Lanes512>(x, dy, dx, dw);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Group<Lanes256>(x, dy, dx, dw);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Group<Lanes128>(x, dy, dx, dw);
        }
        else
        {
            GroupScalar(x, dy, dx, dw);
        }
    }

    private float Inverse(float squares) => 1 / MathF.Sqrt((squares / Width) + Epsilon);
}
