using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

/// <summary>A matrix with NaN before, after and between its rows: reading outside poisons a result, writing outside is found.</summary>
internal sealed unsafe class GuardedMatrix : IDisposable
{
    private const int Guard = 64;
    private const int Gap = 3;
    private const int GuardBits = 0x7FC12345; // a NaN with a payload of its own
    private readonly NativeBuffer<float> _buffer;

    public GuardedMatrix(int rows, int columns)
    {
        long stride = columns + Gap;
        _buffer = new NativeBuffer<float>((2 * Guard) + (rows * stride));
        _buffer.Span.Fill(BitConverter.Int32BitsToSingle(GuardBits));
        View = new TensorView<float>(_buffer.Pointer + Guard, rows, columns, stride);
        for (int row = 0; row < rows; row++)
        {
            View[row].Clear();
        }
    }

    public TensorView<float> View { get; }

    /// <summary>Values from the standard normal distribution.</summary>
    public static GuardedMatrix Normal(int rows, int columns, long seed, double scale = 1)
    {
        var matrix = new GuardedMatrix(rows, columns);
        var random = new SeededRandom(seed);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.View[row])
            {
                value = (float)(random.NextNormal() * scale);
            }
        }

        return matrix;
    }

    public static GuardedMatrix From(params float[][] rows)
    {
        var matrix = new GuardedMatrix(rows.Length, rows[0].Length);
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row].CopyTo(matrix.View[row]);
        }

        return matrix;
    }

    public GuardedMatrix Copy()
    {
        var copy = new GuardedMatrix(View.Rows, View.Columns);
        for (int row = 0; row < View.Rows; row++)
        {
            View[row].CopyTo(copy.View[row]);
        }

        return copy;
    }

    public float[] ToArray()
    {
        float[] values = new float[View.Rows * View.Columns];
        for (int row = 0; row < View.Rows; row++)
        {
            View[row].CopyTo(values.AsSpan(row * View.Columns));
        }

        return values;
    }

    public void AssertGuardsIntact()
    {
        Span<float> all = _buffer.Span;
        for (int i = 0; i < all.Length; i++)
        {
            long inside = i - Guard;
            bool element = inside >= 0 && inside < View.Rows * View.RowStride && inside % View.RowStride < View.Columns;
            Assert.True(element || BitConverter.SingleToInt32Bits(all[i]) == GuardBits, $"Element {inside} outside the matrix was written.");
        }
    }

    public void Dispose() => _buffer.Dispose();
}
