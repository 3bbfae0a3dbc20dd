using Niwaki.Kernels.Cpu;
using Niwaki.Numerics;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed unsafe class MicroKernelTests
{
    private const float Guard = 12345f;

    [Theory]
    [InlineData(KernelPath.Scalar)]
    [InlineData(KernelPath.AdvSimd)]
    [InlineData(KernelPath.Avx2)]
    [InlineData(KernelPath.Avx512)]
    internal void Run_AnyTile_SameBitsAsOneChainOfMultiplyAdds(KernelPath path)
    {
        var random = new SeededRandom(1);
        int width = path.PanelColumns();
        foreach (int depth in (int[])[0, 1, 2, 3, 8, 33])
        {
            for (int rows = 1; rows <= MicroKernel.MaximumRows; rows++)
            {
                float[] a = Normal(random, (depth * rows) + 1);
                float[] panel = Normal(random, (depth * width) + 1);
                int stride = width + 3;
                foreach (bool accumulate in (bool[])[false, true])
                {
                    float[] c = new float[(rows * stride) + 1];
                    Array.Fill(c, Guard);
                    fixed (float* pa = a, pb = panel, pc = c)
                    {
                        MicroKernel.Run(path, rows, depth, pa, pb, pc, stride, accumulate);
                    }

                    for (int i = 0; i < c.Length; i++)
                    {
                        int row = i / stride;
                        int column = i % stride;
                        float expected = Guard;
                        if (row < rows && column < width)
                        {
                            float sum = 0;
                            for (int k = 0; k < depth; k++)
                            {
                                sum = MathF.FusedMultiplyAdd(a[(k * rows) + row], panel[(k * width) + column], sum);
                            }

                            expected = accumulate ? Guard + sum : sum;
                        }

                        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(c[i]));
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(KernelPath.Scalar)]
    [InlineData(KernelPath.AdvSimd)]
    [InlineData(KernelPath.Avx2)]
    [InlineData(KernelPath.Avx512)]
    internal void Run_NotANumberInOneRow_StaysInThatRow(KernelPath path)
    {
        int width = path.PanelColumns();
        float[] a = [1, float.NaN, float.PositiveInfinity]; // depth 1, 3 rows
        float[] panel = new float[width];
        Array.Fill(panel, 2f);
        float[] c = new float[3 * width];
        fixed (float* pa = a, pb = panel, pc = c)
        {
            MicroKernel.Run(path, 3, 1, pa, pb, pc, width, false);
        }

        Assert.All(c[..width], y => Assert.Equal(2f, y));
        Assert.All(c[width..(2 * width)], y => Assert.True(float.IsNaN(y)));
        Assert.All(c[(2 * width)..], y => Assert.Equal(float.PositiveInfinity, y));
    }

    private static float[] Normal(SeededRandom random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)random.NextNormal();
        }

        return values;
    }
}
