using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels;

public sealed class WeightValuesTests
{
    [Fact]
    public void Narrow_EveryElementType_RoundsToNearestEven()
    {
        // BF16 keeps 7 bits behind the first: 1 + 2^-8 is half way between 1 and 1 + 2^-7 and goes to the even 1; 1 + 3·2^-8 to 1 + 2^-6. F16 keeps 10.
        float[] values = [1 + (1 / 256f), 1 + (3 / 256f), float.NaN, float.NegativeInfinity, 1e30f, 1 + (1 / 2048f), -0f];
        byte[] bytes = new byte[2 * values.Length];
        WeightValues.Narrow(values, ElementType.BF16, bytes);
        ushort[] bits = [.. bytes.Chunk(2).Select(pair => BitConverter.ToUInt16(pair))];
        Assert.Equal((0x3F80, 0x3F82, 0xFF80), (bits[0], bits[1], bits[3]));
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits[2] << 16)));

        WeightValues.Narrow(values, ElementType.F16, bytes);
        Half[] halves = [.. bytes.Chunk(2).Select(pair => BitConverter.ToHalf(pair))];
        Assert.Equal((Half)1.00390625f, halves[0]);
        Assert.True(Half.IsNaN(halves[2]));
        Assert.Equal((Half.PositiveInfinity, (Half)1), (halves[4], halves[5]));

        byte[] wide = new byte[4 * values.Length];
        WeightValues.Narrow(values, ElementType.F32, wide);
        Assert.Equal(values, wide.Chunk(4).Select(four => BitConverter.ToSingle(four)));
        Assert.Throws<ShapeMismatchException>(() => WeightValues.Narrow(values, ElementType.F32, bytes));
    }
}
