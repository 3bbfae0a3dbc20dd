using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

/// <summary>Random operands of a product, stored in a file's way at an odd address, and the product in double precision.</summary>
internal sealed unsafe class MatMulReference : IDisposable
{
    public const float Guard = -777.25f;

    private readonly NativeBuffer<byte> _bytes;

    public MatMulReference(ElementType type, int rows, int inputs, int outputs, long seed = 1)
    {
        var random = new SeededRandom(seed);
        Rows = rows;
        Inputs = inputs;
        Outputs = outputs;
        X = Normal(random, rows * inputs);
        W = Normal(random, outputs * inputs);
        _bytes = new NativeBuffer<byte>(((long)type.SizeInBytes() * W.Length) + 1);
        byte* p = _bytes.Pointer + 1; // unaligned, as in a memory-mapped file
        for (int i = 0; i < W.Length; i++)
        {
            W[i] = Write(p + (i * type.SizeInBytes()), W[i], type);
        }

        Weights = new WeightView(p, type, outputs, inputs);
    }

    public static ElementType[] AllTypes { get; } = [ElementType.F32, ElementType.BF16, ElementType.F16];

    public static KernelPath[] AllPaths { get; } = [KernelPath.Scalar, KernelPath.AdvSimd, KernelPath.Avx2, KernelPath.Avx512];

    public int Rows { get; }

    public int Inputs { get; }

    public int Outputs { get; }

    public float[] X { get; }

    /// <summary>The weights after rounding to their stored type.</summary>
    public float[] W { get; }

    public WeightView Weights { get; }

    public static float[] Normal(SeededRandom random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)random.NextNormal();
        }

        return values;
    }

    /// <summary>Applies the product to rows of X at a stride with a guard after each row and returns the outputs, having checked the guards.</summary>
    public static float[] Apply(
        ThreadTeam team, float[] x, int rows, PackedWeights weights, bool accumulate = false, float[]? bias = null, float initial = Guard)
    {
        const int Gap = 3;
        int inputs = weights.Inputs;
        int outputs = weights.Outputs;
        using var xBuffer = new NativeBuffer<float>((long)rows * (inputs + Gap));
        using var yBuffer = new NativeBuffer<float>(Gap + ((long)rows * (outputs + Gap)));
        xBuffer.Span.Fill(float.NaN); // what is between the rows must not be used
        yBuffer.Span.Fill(Guard);
        for (int row = 0; row < rows; row++)
        {
            x.AsSpan(row * inputs, inputs).CopyTo(xBuffer.Span[(row * (inputs + Gap))..]);
            yBuffer.Span.Slice(Gap + (row * (outputs + Gap)), outputs).Fill(initial);
        }

        var xView = new TensorView<float>(xBuffer.Pointer, rows, inputs, inputs + Gap);
        var yView = new TensorView<float>(yBuffer.Pointer + Gap, rows, outputs, outputs + Gap);
        MatMul.Apply(team, xView, weights, yView, accumulate, bias);
        float[] y = new float[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            yView[row].CopyTo(y.AsSpan(row * outputs));
            Assert.Equal([Guard, Guard, Guard], yBuffer.Span.Slice(row * (outputs + Gap), Gap).ToArray());
        }

        Assert.Equal([Guard, Guard, Guard], yBuffer.Span[^Gap..].ToArray());
        return y;
    }

    public static void AssertSameBits(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{what}: element {i} is {actual[i]:R}, expected {expected[i]:R}.");
            }
        }
    }

    /// <summary>
    /// Compares with the sums in double precision. Rounding each of K multiply-adds costs at most half a unit of the largest partial sum, so
    /// the error is bounded by K · 2^-24 · Σ |x w|; random signs leave far less, the bound is for every order of summation.
    /// </summary>
    public void AssertExact(float[] y, double scale = 1, Func<int, double>? offset = null, string what = "")
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = offset?.Invoke(output) ?? 0;
                double magnitude = Math.Abs(sum);
                for (int k = 0; k < Inputs; k++)
                {
                    double product = scale * X[(row * Inputs) + k] * W[(output * Inputs) + k];
                    sum += product;
                    magnitude += Math.Abs(product);
                }

                double error = Math.Abs(y[(row * Outputs) + output] - sum);
                if (!(error <= (Inputs + 2) * Math.ScaleB(magnitude, -24)))
                {
                    Assert.Fail($"{what} [{Rows}, {Inputs}] x [{Outputs}]: y[{row}, {output}] is {y[(row * Outputs) + output]:R}, expected {sum:R}.");
                }
            }
        }
    }

    public void Dispose() => _bytes.Dispose();

    private static float Write(byte* target, float value, ElementType type)
    {
        switch (type)
        {
            case ElementType.F32:
                new ReadOnlySpan<byte>(&value, 4).CopyTo(new Span<byte>(target, 4));
                return value;
            case ElementType.BF16:
                ushort upper = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
                new ReadOnlySpan<byte>(&upper, 2).CopyTo(new Span<byte>(target, 2));
                return BitConverter.UInt32BitsToSingle((uint)upper << 16);
            default:
                var half = (Half)value;
                new ReadOnlySpan<byte>(&half, 2).CopyTo(new Span<byte>(target, 2));
                return (float)half;
        }
    }
}
