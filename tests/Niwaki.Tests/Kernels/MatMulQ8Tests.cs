using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

/// <summary>Weights of Q8_0: every product has the bits of the same weights in float32.</summary>
public sealed unsafe class MatMulQ8Tests
{
    [Fact]
    public void Apply_EveryPathAndShape_SameBitsAsTheWeightsInFloat32()
    {
        using var team = new ThreadTeam(2);
        foreach (int inputs in (int[])[32, 64, 256, 288, 864])
        {
            foreach (int outputs in (int[])[1, 16, 17, 33, 100])
            {
                using var weights = new Q8Weights(outputs, inputs);
                using PackedWeights reference = PackedWeights.Pack(team, [new(weights.Floats)], PackedFormat.Stored, KernelPath.Scalar);
                foreach (int rows in (int[])[1, 2, 3, 5, 7, 12, 13, 40])
                {
                    float[] x = MatMulReference.Normal(new SeededRandom(rows), rows * inputs);
                    float[] expected = MatMulReference.Apply(team, x, rows, reference);
                    foreach (KernelPath path in MatMulReference.AllPaths)
                    {
                        using PackedWeights packed = PackedWeights.Pack(team, [new(weights.Blocks)], PackedFormat.Stored, path);
                        MatMulReference.AssertSameBits(expected, MatMulReference.Apply(team, x, rows, packed), $"{path} [{rows}, {inputs}] x [{outputs}]");
                    }
                }
            }
        }
    }

    [Fact]
    public void Pack_WholeBlocksOfColumns_StayAsTheyAre()
    {
        using var team = new ThreadTeam(2);
        using var weights = new Q8Weights(40, 192);
        int[] rows = [3, 1, 39, 20];
        int[] columns = [.. Enumerable.Range(128, 32), .. Enumerable.Range(0, 64)];
        AssertSameProduct(team, weights, new(weights.Blocks, rows, columns), new(weights.Floats, rows, columns), ElementType.Q8_0);
    }

    [Theory]
    [InlineData(1)] // not the start of a block
    [InlineData(31)] // a part of one
    public void Pack_OtherColumns_BecomeFloat32(int first)
    {
        using var team = new ThreadTeam(2);
        using var weights = new Q8Weights(40, 192);
        int[] columns = [.. Enumerable.Range(first, 64)];
        AssertSameProduct(team, weights, new(weights.Blocks, null, columns), new(weights.Floats, null, columns), ElementType.F32);
        int[] partial = [.. Enumerable.Range(32, 33)];
        AssertSameProduct(team, weights, new(weights.Blocks, null, partial), new(weights.Floats, null, partial), ElementType.F32);
    }

    [Fact]
    public void Pack_StackedWithAnotherType_BecomesFloat32()
    {
        using var team = new ThreadTeam(2);
        using var weights = new Q8Weights(20, 64);
        using PackedWeights mixed = PackedWeights.Pack(team, [new(weights.Blocks), new(weights.Floats)]);
        using PackedWeights plain = PackedWeights.Pack(team, [new(weights.Floats), new(weights.Floats)]);
        Assert.Equal(ElementType.F32, mixed.ElementType);
        AssertSame(team, plain, mixed);
    }

    [Fact]
    public void Pack_StackedBlocks_SameBitsAsOneMatrix()
    {
        using var team = new ThreadTeam(3);
        using var weights = new Q8Weights(50, 96);
        using PackedWeights whole = PackedWeights.Pack(team, [new(weights.Blocks)]);
        using PackedWeights parts = PackedWeights.Pack(team, [new(weights.Blocks.SliceRows(0, 9)), new(weights.Blocks.SliceRows(9, 41))]);
        Assert.Equal(ElementType.Q8_0, parts.ElementType);
        AssertSame(team, whole, parts);
    }

    [Fact]
    public void Pack_Int16_SameBitsAsFromFloat32()
    {
        using var team = new ThreadTeam(2);
        using var weights = new Q8Weights(33, 160);
        using PackedWeights expected = PackedWeights.Pack(team, [new(weights.Floats)], PackedFormat.Int16);
        using PackedWeights actual = PackedWeights.Pack(team, [new(weights.Blocks)], PackedFormat.Int16);
        AssertSame(team, expected, actual);
    }

    [Fact]
    public void ByteLength_WholePanels_IsThatOfTheFile()
    {
        using var team = new ThreadTeam(1);
        using var weights = new Q8Weights(96, 128);
        using PackedWeights packed = PackedWeights.Pack(team, [new(weights.Blocks)]);
        Assert.Equal(96 * 128 * 34 / 32, packed.ByteLength);
    }

    [Fact]
    public void Apply_ScaleNotFinite_SpreadsOverItsOutputOnly()
    {
        using var team = new ThreadTeam(1);
        using var weights = new Q8Weights(20, 64);
        *(Half*)weights.Blocks.RowPointer(7) = Half.NaN;
        foreach (KernelPath path in MatMulReference.AllPaths)
        {
            using PackedWeights packed = PackedWeights.Pack(team, [new(weights.Blocks)], PackedFormat.Stored, path);
            float[] y = MatMulReference.Apply(team, [.. Enumerable.Repeat(1f, 64)], 1, packed);
            Assert.All(y, (value, output) => Assert.Equal(output == 7, float.IsNaN(value)));
        }
    }

    [Fact]
    public void WeightView_RowOfNoWholeBlocks_Throws() =>
        Assert.Throws<ArgumentException>(() => new WeightView(null, ElementType.Q8_0, 2, 48));

    [Fact]
    public void Widen_RowsAndLookups_AreTheDecodedNumbers()
    {
        using var team = new ThreadTeam(2);
        using var weights = new Q8Weights(9, 96);
        float[] row = new float[96];
        WeightValues.Widen(weights.Blocks, 5, row);
        MatMulReference.AssertSameBits(weights.Row(5), row, "row 5");
        using var y = new GuardedMatrix(2, 96);
        Embedding.Apply(team, weights.Blocks, [8, 0], y.View);
        MatMulReference.AssertSameBits([.. weights.Row(8), .. weights.Row(0)], y.ToArray(), "looked up");
        y.AssertGuardsIntact();
    }

    private static void AssertSameProduct(ThreadTeam team, Q8Weights weights, WeightSlice blocks, WeightSlice floats, ElementType type)
    {
        Assert.NotNull(weights);
        using PackedWeights expected = PackedWeights.Pack(team, [floats]);
        using PackedWeights actual = PackedWeights.Pack(team, [blocks]);
        Assert.Equal(type, actual.ElementType);
        AssertSame(team, expected, actual);
    }

    private static void AssertSame(ThreadTeam team, PackedWeights expected, PackedWeights actual)
    {
        foreach (int rows in (int[])[1, 20])
        {
            float[] x = MatMulReference.Normal(new SeededRandom(rows), rows * expected.Inputs);
            MatMulReference.AssertSameBits(MatMulReference.Apply(team, x, rows, expected), MatMulReference.Apply(team, x, rows, actual), $"{rows} rows");
        }
    }

    /// <summary>Random blocks at an odd address, all bytes and scales of several sizes and signs among them, and their numbers by the definition.</summary>
    private sealed class Q8Weights : IDisposable
    {
        private readonly NativeBuffer<byte> _blocks;
        private readonly NativeBuffer<float> _floats;

        public Q8Weights(int rows, int columns)
        {
            var random = new SeededRandom(rows + columns);
            _blocks = new NativeBuffer<byte>((rows * columns / 32 * 34) + 1);
            _floats = new NativeBuffer<float>(rows * columns);
            byte* block = _blocks.Pointer + 1;
            for (int i = 0; i < rows * columns; i += 32, block += 34)
            {
                var scale = (Half)(random.NextNormal() * Math.ScaleB(1, (int)(random.NextDouble() * 12) - 14));
                new ReadOnlySpan<byte>(&scale, 2).CopyTo(new Span<byte>(block, 2));
                for (int j = 0; j < 32; j++)
                {
                    var number = (sbyte)(random.NextDouble() * 256 - 128);
                    block[2 + j] = (byte)number;
                    _floats.Pointer[i + j] = (float)((double)scale * number);
                }
            }

            Blocks = new WeightView(_blocks.Pointer + 1, ElementType.Q8_0, rows, columns);
            Floats = new WeightView(_floats.Pointer, ElementType.F32, rows, columns);
        }

        public WeightView Blocks { get; }

        public WeightView Floats { get; }

        public float[] Row(int row) => _floats.Span.Slice(row * Floats.Columns, Floats.Columns).ToArray();

        public void Dispose()
        {
            _blocks.Dispose();
            _floats.Dispose();
        }
    }
}
