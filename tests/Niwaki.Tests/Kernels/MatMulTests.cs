using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    // Tile heights 1 to 6 and their sums, panel edges at 16 and 32, blocks of K at 256 (257 = 160 + 97), and empty sides.
    private static readonly int[] RowCounts = [1, 2, 3, 5, 6, 7, 8, 9, 13, 64];
    private static readonly int[] InputCounts = [1, 2, 7, 31, 64, 256, 257, 288, 577];
    private static readonly int[] OutputCounts = [1, 15, 16, 17, 31, 32, 33, 48, 100, 257];

    [Fact]
    public void Apply_EveryPathTypeAndOddShape_MatchesDoublePrecision()
    {
        using var team = new ThreadTeam(2);
        int turn = 0;
        foreach (KernelPath path in MatMulReference.AllPaths)
        {
            foreach (ElementType type in MatMulReference.AllTypes)
            {
                foreach (int inputs in InputCounts)
                {
                    // The lists have no common divisor, so that turns meet all combinations of neighbours over paths and types.
                    int rows = RowCounts[turn % RowCounts.Length];
                    int outputs = OutputCounts[turn * 3 % OutputCounts.Length];
                    turn++;
                    using var reference = new MatMulReference(type, rows, inputs, outputs);
                    using PackedWeights weights = Pack(team, path, new WeightSlice(reference.Weights));
                    reference.AssertExact(MatMulReference.Apply(team, reference.X, rows, weights), what: $"{path} {type}");
                }
            }
        }
    }

    [Fact]
    public void Apply_EveryLengthTo257_SameBitsOnEveryPath()
    {
        using var team = new ThreadTeam(1);
        for (int length = 0; length <= 257; length++)
        {
            ElementType type = MatMulReference.AllTypes[length % 3];
            int rows = 1 + (length % 8);
            int outputs = 1 + (length * 7 % 40);
            using var reference = new MatMulReference(type, rows, length, outputs);
            float[]? first = null;
            foreach (KernelPath path in MatMulReference.AllPaths)
            {
                using PackedWeights weights = Pack(team, path, new WeightSlice(reference.Weights));
                float[] y = MatMulReference.Apply(team, reference.X, rows, weights);
                first ??= y;
                MatMulReference.AssertSameBits(first, y, $"{path} {type} length {length}");
            }

            reference.AssertExact(first!);
        }
    }

    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Apply_OtherRowsOfTheBatch_DoNotChangeARow(PackedFormat format)
    {
        const int Rows = 40;
        const int Inputs = 300;
        const int Outputs = 70;
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var reference = new MatMulReference(type, Rows, Inputs, Outputs);
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], format);
            float[] all = MatMulReference.Apply(team, reference.X, Rows, weights);
            foreach (int rows in (int[])[1, 2, 3, 4, 7, 12, 19])
            {
                const int First = 11;
                float[] part = MatMulReference.Apply(team, reference.X[(First * Inputs)..((First + rows) * Inputs)], rows, weights);
                MatMulReference.AssertSameBits(all[(First * Outputs)..((First + rows) * Outputs)], part, $"{type} {rows} rows");
            }
        }
    }

    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Apply_AnyNumberOfThreads_SameBits(PackedFormat format)
    {
        // 2 * 150 * 620 * 400 operations make 18 pieces; 150 rows of 620 make several row tiles a member.
        using var reference = new MatMulReference(ElementType.BF16, 150, 620, 400);
        float[]? first = null;
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            using var team = new ThreadTeam(threads);
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], format);
            float[] y = MatMulReference.Apply(team, reference.X, reference.Rows, weights);
            first ??= y;
            MatMulReference.AssertSameBits(first, y, $"{threads} threads");
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Apply_AccumulateAndBias_AddsBoth(bool accumulate, bool withBias)
    {
        const float Initial = 2.5f;
        using var team = new ThreadTeam(2);
        foreach (int rows in (int[])[1, 9])
        {
            using var reference = new MatMulReference(ElementType.F32, rows, 600, 45);
            float[]? bias = withBias ? [.. Enumerable.Range(0, 45).Select(i => i - 20f)] : null;
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)]);
            float[] y = MatMulReference.Apply(team, reference.X, rows, weights, accumulate, bias, Initial);
            reference.AssertExact(y, offset: output => (accumulate ? Initial : 0) + (bias?[output] ?? 0));
        }
    }

    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Apply_NoInputs_WritesZeroOrBias(PackedFormat format)
    {
        using var team = new ThreadTeam(2);
        float[] bias = [.. Enumerable.Range(0, 20).Select(i => (float)i)];
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(new WeightView(null, ElementType.BF16, 20, 0))], format);
        Assert.All(MatMulReference.Apply(team, [], 7, weights), y => Assert.Equal(0f, y));
        Assert.Equal([.. bias, .. bias], MatMulReference.Apply(team, [], 2, weights, bias: bias));
        Assert.All(MatMulReference.Apply(team, [], 7, weights, accumulate: true, initial: 3), y => Assert.Equal(3f, y));
    }

    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Apply_NoRowsOrNoOutputs_WritesNothing(PackedFormat format)
    {
        using var team = new ThreadTeam(2);
        using var reference = new MatMulReference(ElementType.F16, 4, 10, 20);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], format);
        Assert.Empty(MatMulReference.Apply(team, [], 0, weights));
        using PackedWeights none = PackedWeights.Pack(team, [new WeightSlice(reference.Weights, KeptRows: [])], format);
        Assert.Equal(0, none.Outputs);
        Assert.Empty(MatMulReference.Apply(team, reference.X, 4, none));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Apply_ActivationNotFinite_SpreadsOverItsRowOnly(float value)
    {
        using var team = new ThreadTeam(2);
        foreach (int rows in (int[])[2, 8])
        {
            using var reference = new MatMulReference(ElementType.BF16, rows, 300, 17);
            using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)]);
            float[] clean = MatMulReference.Apply(team, reference.X, rows, weights);
            reference.X[300 + 290] = value; // row 1, in the second block of K
            float[] y = MatMulReference.Apply(team, reference.X, rows, weights);
            for (int output = 0; output < 17; output++)
            {
                float expected = value * reference.W[(output * 300) + 290]; // an infinity or NaN swallows the finite rest
                Assert.Equal(expected, y[17 + output]);
            }

            MatMulReference.AssertSameBits(clean[..17], y[..17], "row 0");
            MatMulReference.AssertSameBits(clean[34..], y[34..], "rows from 2");
        }
    }

    [Fact]
    public void Apply_WeightNotFinite_SpreadsOverItsOutputOnly()
    {
        using var team = new ThreadTeam(2);
        float[] w = [1, 2, float.PositiveInfinity, 4, float.NaN, 6]; // [3, 2]
        fixed (float* p = w)
        {
            foreach (KernelPath path in MatMulReference.AllPaths)
            {
                using PackedWeights weights = Pack(team, path, new WeightSlice(new WeightView(p, ElementType.F32, 3, 2)));
                Assert.Equal([3f, float.PositiveInfinity, float.NaN], MatMulReference.Apply(team, [1, 1], 1, weights));
            }
        }
    }

    [Fact]
    public void Apply_BatchLongerThanAPassOfScratch_SameBitsAndBoundedScratch()
    {
        // 64 MiB of scratch hold 16,777,216 floats: 174 rows of 96,000 inputs, so 200 rows take two passes.
        const int Rows = 200;
        const int Inputs = 96_000;
        using var team = new ThreadTeam(2);
        using var reference = new MatMulReference(ElementType.F32, 1, Inputs, 3);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)]);
        float[] one = MatMulReference.Apply(team, reference.X, 1, weights);
        float[] x = new float[Rows * Inputs];
        for (int row = 0; row < Rows; row++)
        {
            reference.X.CopyTo(x, row * Inputs);
        }

        float[] y = MatMulReference.Apply(team, x, Rows, weights);
        Assert.InRange(team.ScratchBytes, 1, 64L << 20);
        for (int row = 0; row < Rows; row++)
        {
            MatMulReference.AssertSameBits(one, y[(3 * row)..(3 * (row + 1))], $"row {row}");
        }
    }

    [Fact]
    public void Apply_WrongShapes_ThrowsBeforeWriting()
    {
        using var team = new ThreadTeam(1);
        using var reference = new MatMulReference(ElementType.F32, 4, 10, 20);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)]);
        using var x = new NativeBuffer<float>(4 * 11);
        using var y = new NativeBuffer<float>(5 * 21);
        y.Span.Fill(MatMulReference.Guard);
        var goodX = new TensorView<float>(x, 4, 10);
        var goodY = new TensorView<float>(y, 4, 20);
        Assert.Equal("x", Assert.Throws<ShapeMismatchException>(() => MatMul.Apply(team, new TensorView<float>(x, 4, 11), weights, goodY)).ParamName);
        Assert.Equal("y", Assert.Throws<ShapeMismatchException>(() => MatMul.Apply(team, goodX, weights, new TensorView<float>(y, 4, 21))).ParamName);
        Assert.Equal("y", Assert.Throws<ShapeMismatchException>(() => MatMul.Apply(team, goodX, weights, new TensorView<float>(y, 5, 20))).ParamName);
        Assert.Equal("bias", Assert.Throws<ShapeMismatchException>(() => MatMul.Apply(team, goodX, weights, goodY, false, new float[19])).ParamName);
        Assert.All(y.Span.ToArray(), value => Assert.Equal(MatMulReference.Guard, value));
        weights.Dispose();
        Assert.Throws<ObjectDisposedException>(() => MatMul.Apply(team, goodX, weights, goodY));
    }

    [Fact]
    public void Apply_WithinAJob_Throws()
    {
        using var team = new ThreadTeam(2);
        using var reference = new MatMulReference(ElementType.F32, 1, 4, 4);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)]);
        Assert.Throws<InvalidOperationException>(() => team.For(1, 1, _ => MatMulReference.Apply(team, reference.X, 1, weights)));
    }

    private static PackedWeights Pack(ThreadTeam team, KernelPath path, params ReadOnlySpan<WeightSlice> slices) =>
        PackedWeights.Pack(team, slices, PackedFormat.Stored, path);
}
