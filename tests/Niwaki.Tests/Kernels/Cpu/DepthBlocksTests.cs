using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed class DepthBlocksTests
{
    [Theory]
    [InlineData(0, 0, 32)]
    [InlineData(1, 1, 32)]
    [InlineData(256, 1, 256)]
    [InlineData(257, 2, 160)] // 257 / 2 rounded up to a multiple of 32
    [InlineData(576, 3, 192)]
    [InlineData(int.MaxValue, 8_388_608, 256)] // 2^31 / 256
    public void Length_AnyDepth_EqualBlocksAndARest(int depth, int count, int size)
    {
        var blocks = new DepthBlocks(depth);
        Assert.Equal((count, size), (blocks.Count, blocks.Size));
        if (count > 0)
        {
            Assert.InRange(blocks.Length(count - 1), 1, size);
            Assert.Equal(depth, blocks.Start(count - 1) + blocks.Length(count - 1));
        }
    }
}
