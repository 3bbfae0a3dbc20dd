using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed unsafe class FewRowsTests
{
    // Every panel once, whatever the numbers: 1 to 9 members, 1 to 400 panels of 16 or 32 columns.
    [Fact]
    public void Divide_AnySizes_EveryPanelOnce()
    {
        using var team = new ThreadTeam(1);
        foreach (int outputs in (int[])[1, 16, 17, 100, 768, 6400])
        {
            foreach (int inputs in (int[])[0, 1, 256, 3000])
            {
                using var memory = new NativeBuffer<float>(Math.Max(1, (long)outputs * inputs));
                using var weights = PackedWeights.Pack(team, [new WeightSlice(new WeightView(memory.Pointer, ElementType.F32, outputs, inputs))]);
                for (int members = 1; members <= 9; members++)
                {
                    var tiling = new RowTiling(1 + (members * 3 % 32));
                    WorkDivision division = FewRows.Divide(members, tiling, weights);
                    int[] met = new int[weights.Panels];
                    for (int unit = 0; unit < division.Count;)
                    {
                        Piece piece = division.Next(ref unit, division.Count);
                        Assert.Equal((0, tiling.Count), (piece.FirstTile, piece.EndTile));
                        for (int panel = piece.FirstPanel; panel < piece.EndPanel; panel++)
                        {
                            met[panel]++;
                        }
                    }

                    Assert.All(met, count => Assert.Equal(1, count));
                }
            }
        }
    }

    // 36 panels of 256 deep F32: pieces of 192 KiB would be 6 of 32 KiB (6 pieces for 2 members, 6 for 4) or 12 of 16 KiB (3 for 2: one member would wait for the third).
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Divide_SeveralMembers_AsManyPiecesForEach(int members)
    {
        using var team = new ThreadTeam(1);
        int outputs = 36 * KernelPaths.Best.PanelColumns();
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16])
        {
            using var memory = new NativeBuffer<float>(outputs * 256L);
            using var weights = PackedWeights.Pack(team, [new WeightSlice(new WeightView(memory.Pointer, type, outputs, 256))]);

            Assert.Equal(0, FewRows.Divide(members, new RowTiling(1), weights).Count % members);
        }
    }

    // Depths around the four steps of a turn of the loop, and to the end of a block of 256; panels end where memory does, so that a read past it would fault or differ.
    [Fact]
    public void Streaming_EveryDepthRowsTypeAndPath_SameBitsAsTheScalarTwin()
    {
        var random = new Random(3);
        foreach (KernelPath path in MatMulReference.AllPaths.Where(path => path != KernelPath.Scalar))
        {
            int width = path.PanelColumns();
            foreach (ElementType type in MatMulReference.AllTypes.Where(type => type is ElementType.F32 or ElementType.BF16 or ElementType.F16))
            {
                for (int depth = 0; depth <= 257; depth += depth < 20 ? 1 : 79)
                {
                    int rows = 1 + (depth % 6);
                    byte[] panel = new byte[depth * width * type.SizeInBytes()];
                    for (int i = 0; i < depth * width; i++)
                    {
                        Write(panel, i, type, (float)(random.NextDouble() - 0.5));
                    }

                    float[] a = [.. Enumerable.Range(0, depth * rows).Select(_ => (float)(random.NextDouble() - 0.5))];
                    float[] expected = [.. Enumerable.Range(0, rows * width).Select(i => (float)i)];
                    float[] found = [.. expected];
                    Expect(a, panel, type, rows, depth, width, expected);
                    fixed (float* x = a, c = found)
                    fixed (byte* b = panel)
                    {
                        FewRows.Get(path, rows, type)(depth, x, b, c, width, true);
                    }

                    MatMulReference.AssertSameBits(expected, found, $"{path} {type} depth {depth}");
                }
            }
        }
    }

    private static void Write(byte[] panel, int index, ElementType type, float value)
    {
        if (type == ElementType.F32)
        {
            BitConverter.TryWriteBytes(panel.AsSpan(4 * index), value);
        }
        else if (type == ElementType.BF16)
        {
            BitConverter.TryWriteBytes(panel.AsSpan(2 * index), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }
        else
        {
            BitConverter.TryWriteBytes(panel.AsSpan(2 * index), (Half)value);
        }
    }

    /// <summary>Element by element, one chain of fused multiply-adds each, then added to what was there.</summary>
    private static void Expect(float[] a, byte[] panel, ElementType type, int rows, int depth, int width, float[] c)
    {
        fixed (byte* b = panel)
        {
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    float sum = 0;
                    for (int k = 0; k < depth; k++)
                    {
                        byte* step = b + ((long)k * width * type.SizeInBytes());
                        float weight = type switch
                        {
                            ElementType.F32 => PanelFormat.F32.At(step, width, column),
                            ElementType.BF16 => PanelFormat.BF16.At(step, width, column),
                            _ => PanelFormat.F16.At(step, width, column),
                        };
                        sum = MathF.FusedMultiplyAdd(a[(k * rows) + row], weight, sum);
                    }

                    c[(row * width) + column] += sum;
                }
            }
        }
    }
}
