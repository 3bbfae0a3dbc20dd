using Niwaki.Kernels.Cpu;
using Niwaki.Tensors;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed unsafe class PanelWideningTests
{
    [Theory]
    [InlineData(KernelPath.Scalar)]
    [InlineData(KernelPath.AdvSimd)]
    [InlineData(KernelPath.Avx2)]
    [InlineData(KernelPath.Avx512)]
    internal void Get_Every16BitValue_SameBitsAsTheConversionOfTheRuntime(KernelPath path)
    {
        // Element e of the panel in memory order holds the value e: step s = e / width, and there the pair (e % width) / 2 holds column
        // pair in its low and pair + width / 2 in its high half.
        int width = path.PanelColumns();
        ushort[] panel = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i)];
        float[] floats = new float[65_536 + 1];
        foreach (ElementType type in (ElementType[])[ElementType.F16, ElementType.BF16])
        {
            floats[^1] = -5;
            fixed (ushort* source = panel)
            fixed (float* target = floats)
            {
                PanelWidening.Get(path, type)(65_536 / width, (byte*)source, target);
            }

            for (int e = 0; e < 65_536; e++)
            {
                float expected = type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)e) : BitConverter.UInt32BitsToSingle((uint)e << 16);
                int pair = e % width / 2;
                float actual = floats[(e / width * width) + pair + (e % 2 * width / 2)];
                bool same = BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
                if (!same && !(float.IsNaN(expected) && float.IsNaN(actual)))
                {
                    Assert.Fail($"{type} {e:X4} became {actual:R}, expected {expected:R}.");
                }
            }

            Assert.Equal(-5f, floats[^1]);
        }
    }
}
