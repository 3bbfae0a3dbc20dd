using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class PackedWeightsTests
{
    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Pack_KeptRowsAndColumns_SameBitsAsTheCutMatrix(PackedFormat format)
    {
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var whole = new MatMulReference(type, 1, 700, 90);
            int[] rows = [.. Enumerable.Range(0, 90).Where(i => i % 3 != 1)];
            int[] columns = [.. Enumerable.Range(0, 700).Where(i => i % 5 != 2).Reverse()];
            using NativeBuffer<byte> cut = Cut(whole.Weights, rows, columns);
            var cutView = new WeightView(cut.Pointer, type, rows.Length, columns.Length);
            using PackedWeights expected = PackedWeights.Pack(team, [new WeightSlice(cutView)], format);
            using PackedWeights actual = PackedWeights.Pack(team, [new WeightSlice(whole.Weights, rows, columns)], format);
            AssertSamePanels(expected, actual);
        }
    }

    [Theory]
    [InlineData(PackedFormat.Stored)]
    [InlineData(PackedFormat.Int16)]
    public void Pack_StackedMatrices_SameBitsAsOneMatrix(PackedFormat format)
    {
        using var team = new ThreadTeam(2);
        foreach (ElementType type in MatMulReference.AllTypes)
        {
            using var whole = new MatMulReference(type, 1, 60, 50);
            using PackedWeights expected = PackedWeights.Pack(team, [new WeightSlice(whole.Weights)], format);
            WeightSlice[] parts =
            [
                new(whole.Weights.SliceRows(0, 7)), new(whole.Weights, KeptRows: []), new(whole.Weights.SliceRows(7, 30)),
                new(whole.Weights, KeptRows: [.. Enumerable.Range(37, 13)]),
            ];
            using PackedWeights actual = PackedWeights.Pack(team, parts, format);
            AssertSamePanels(expected, actual);
            Assert.Equal(type, actual.ElementType);
        }
    }

    [Fact]
    public void Pack_MixedElementTypes_WidensToF32()
    {
        using var team = new ThreadTeam(2);
        using var half = new MatMulReference(ElementType.F16, 5, 301, 20, seed: 1);
        using var brain = new MatMulReference(ElementType.BF16, 5, 301, 20, seed: 2);
        int[] columns = [.. Enumerable.Range(0, 301)];
        using PackedWeights mixed = PackedWeights.Pack(team, [new(half.Weights), new(brain.Weights, null, columns)]);
        Assert.Equal(ElementType.F32, mixed.ElementType);
        using PackedWeights first = PackedWeights.Pack(team, [new(half.Weights)]);
        using PackedWeights second = PackedWeights.Pack(team, [new(brain.Weights)]);
        float[] y = MatMulReference.Apply(team, half.X, 5, mixed);
        float[] top = MatMulReference.Apply(team, half.X, 5, first);
        float[] bottom = MatMulReference.Apply(team, half.X, 5, second);
        for (int row = 0; row < 5; row++)
        {
            MatMulReference.AssertSameBits(top[(20 * row)..(20 * (row + 1))], y[(40 * row)..((40 * row) + 20)], "F16");
            MatMulReference.AssertSameBits(bottom[(20 * row)..(20 * (row + 1))], y[((40 * row) + 20)..(40 * (row + 1))], "BF16");
        }
    }

    [Theory]
    [InlineData(ElementType.F32, PackedFormat.Stored, 96 * 100 * 4)]
    [InlineData(ElementType.BF16, PackedFormat.Stored, 96 * 100 * 2)]
    [InlineData(ElementType.F16, PackedFormat.Stored, 96 * 100 * 2)]
    [InlineData(ElementType.F32, PackedFormat.Int16, (96 * 128 * 2) + (96 * 2 * 4))] // inputs padded to two groups of 64, a scale for each
    public void ByteLength_WholePanels_IsThePackedSizeOnly(ElementType type, PackedFormat format, long expected)
    {
        using var team = new ThreadTeam(1);
        using var reference = new MatMulReference(type, 1, 100, 96);
        using PackedWeights weights = PackedWeights.Pack(team, [new WeightSlice(reference.Weights)], format);
        Assert.Equal(expected, weights.ByteLength);
        Assert.Equal((96, 100), (weights.Outputs, weights.Inputs));
    }

    [Fact]
    public void Pack_AnyTeam_SameBytes()
    {
        using var reference = new MatMulReference(ElementType.BF16, 1, 333, 333);
        using var one = new ThreadTeam(1);
        using var five = new ThreadTeam(5);
        using PackedWeights expected = PackedWeights.Pack(one, [new(reference.Weights)]);
        using PackedWeights actual = PackedWeights.Pack(five, [new(reference.Weights)]);
        AssertSamePanels(expected, actual);
    }

    [Fact]
    public void Pack_EveryF16Value_WidensExactlyOnEveryPath()
    {
        // 65,536 outputs of one input, times 1: the output is the widened weight, and (float)Half is the reference. 1 row widens in registers,
        // 18 rows (three tiles) in scratch.
        using var team = new ThreadTeam(2);
        ushort[] all = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i)];
        fixed (ushort* p = all)
        {
            foreach (KernelPath path in MatMulReference.AllPaths)
            {
                using PackedWeights weights =
                    PackedWeights.Pack(team, [new(new WeightView(p, ElementType.F16, 65_536, 1))], PackedFormat.Stored, path);
                foreach (int rows in (int[])[1, 18])
                {
                    float[] y = MatMulReference.Apply(team, [.. Enumerable.Repeat(1f, rows)], rows, weights);
                    for (int i = 0; i < y.Length; i++)
                    {
                        float expected = (float)BitConverter.UInt16BitsToHalf(all[i % 65_536]);
                        if (expected != y[i] && !(float.IsNaN(expected) && float.IsNaN(y[i])))
                        {
                            Assert.Fail($"{path}: {i % 65_536:X4} became {y[i]:R}.");
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Pack_BadArguments_Throws()
    {
        using var team = new ThreadTeam(1);
        using var a = new MatMulReference(ElementType.F32, 1, 10, 5);
        using var b = new MatMulReference(ElementType.F32, 1, 11, 5);
        Assert.Throws<ArgumentException>(() => PackedWeights.Pack(team, []));
        Assert.Throws<ArgumentException>(() => PackedWeights.Pack(team, [new(new WeightView(null, ElementType.F32, 1, 1))]));
        Assert.Throws<ShapeMismatchException>(() => PackedWeights.Pack(team, [new(a.Weights), new(b.Weights)]));
        Assert.Throws<ShapeMismatchException>(() => PackedWeights.Pack(team, [new(a.Weights), new(a.Weights, null, [1, 2])]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedWeights.Pack(team, [new(a.Weights, [0, 5])]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedWeights.Pack(team, [new(a.Weights, null, [-1])]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedWeights.Pack(team, [new(a.Weights)], (PackedFormat)9));
    }

    private static NativeBuffer<byte> Cut(WeightView source, int[] rows, int[] columns)
    {
        int size = source.ElementType.SizeInBytes();
        var target = new NativeBuffer<byte>((long)rows.Length * columns.Length * size);
        byte* to = target.Pointer;
        foreach (int row in rows)
        {
            foreach (int column in columns)
            {
                new ReadOnlySpan<byte>(source.RowPointer(row) + (column * size), size).CopyTo(new Span<byte>(to, size));
                to += size;
            }
        }

        return target;
    }

    private static void AssertSamePanels(PackedWeights expected, PackedWeights actual)
    {
        Assert.Equal(expected.ByteLength, actual.ByteLength);
        Assert.Equal((expected.Outputs, expected.Inputs), (actual.Outputs, actual.Inputs));
        for (int block = 0; block < expected.Blocks.Count; block++)
        {
            int bytes = expected.Panels * expected.Blocks.Length(block) * expected.StepBytes;
            Assert.True(new ReadOnlySpan<byte>(expected.Panel(block, 0), bytes).SequenceEqual(new ReadOnlySpan<byte>(actual.Panel(block, 0), bytes)));
            if (expected.Format == PackedFormat.Int16)
            {
                int scales = expected.Panels * expected.Blocks.Length(block) / Int16Kernel.Group * expected.PanelColumns;
                Assert.True(new ReadOnlySpan<float>(expected.Scales(block, 0), scales)
                    .SequenceEqual(new ReadOnlySpan<float>(actual.Scales(block, 0), scales)));
            }
        }
    }
}
