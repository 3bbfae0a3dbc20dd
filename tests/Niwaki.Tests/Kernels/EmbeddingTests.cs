using Niwaki.Kernels;
using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed unsafe class EmbeddingTests : IDisposable
{
    private readonly ThreadTeam _team = new(2);

    public void Dispose() => _team.Dispose();

    [Fact]
    public void Apply_Ids_CopiesTheirRows()
    {
        float[] table = [0, 1, 2, 10, 11, 12, 20, 21, 22];
        using var y = new GuardedMatrix(4, 3);
        fixed (float* pointer = table)
        {
            Embedding.Apply(_team, new WeightView(pointer, ElementType.F32, 3, 3), [2, 0, 2, 1], y.View);
        }

        Assert.Equal([20, 21, 22, 0, 1, 2, 20, 21, 22, 10, 11, 12], y.ToArray());
        y.AssertGuardsIntact();
    }

    [Fact]
    public void Widen_EveryBinary16Value_Exact()
    {
        // All 65,536 values in one row; + 5 so that the scalar rest has its turn too.
        ushort[] bits = [.. Enumerable.Range(0, 65536 + 5).Select(i => (ushort)i)];
        float[] values = new float[bits.Length];
        fixed (ushort* source = bits)
        fixed (float* target = values)
        {
            RowWidening.Widen((byte*)source, ElementType.F16, target, bits.Length);
        }

        for (int i = 0; i < bits.Length; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf(bits[i]), values[i]);
            Assert.Equal((bits[i] & 0x8000) != 0, float.IsNegative(values[i]));
        }
    }

    [Fact]
    public void Widen_EveryBFloat16Value_UpperHalfOfTheFloat()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536 + 3).Select(i => (ushort)i)];
        float[] values = new float[bits.Length];
        fixed (ushort* source = bits)
        fixed (float* target = values)
        {
            RowWidening.Widen((byte*)source, ElementType.BF16, target, bits.Length);
        }

        for (int i = 0; i < bits.Length; i++)
        {
            Assert.Equal((uint)bits[i] << 16, BitConverter.SingleToUInt32Bits(values[i]));
        }
    }

    [Fact]
    public void Apply_EveryWidthUnaligned_StaysInside()
    {
        byte[] stored = new byte[(2 * 257 * 2) + 1];
        fixed (byte* bytes = stored)
        {
            for (int n = 0; n <= 257; n++)
            {
                using var y = new GuardedMatrix(2, n);
                Embedding.Apply(_team, new WeightView(bytes + 1, ElementType.BF16, 2, n), [1, 0], y.View);
                Embedding.Apply(_team, new WeightView(bytes + 1, ElementType.F16, 2, n), [1, 0], y.View);
                Embedding.Apply(_team, new WeightView(bytes + 1, ElementType.F32, 1, n), [0, 0], y.View);
                y.AssertGuardsIntact();
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Apply_IdOutsideTheTable_ThrowsAndWritesNothing(int id)
    {
        float[] table = [7, 7, 7];
        using var y = new GuardedMatrix(2, 1);
        fixed (float* pointer = table)
        {
            var view = new WeightView(pointer, ElementType.F32, 3, 1);
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => Embedding.Apply(_team, view, [0, id], y.View));
            Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal([0, 0], y.ToArray());
    }

    [Fact]
    public void Apply_WrongShapes_Throws()
    {
        using var y = new GuardedMatrix(2, 3);
        float[] table = new float[8];
        fixed (float* pointer = table)
        {
            var view = new WeightView(pointer, ElementType.F32, 2, 4);
            Assert.Throws<ShapeMismatchException>(() => Embedding.Apply(_team, view, [0, 1], y.View));
            view = new WeightView(pointer, ElementType.F32, 2, 3);
            Assert.Throws<ShapeMismatchException>(() => Embedding.Apply(_team, view, [0], y.View));
        }
    }
}
