using Niwaki.Kernels.Cpu;

namespace Niwaki.Tests.Kernels.Cpu;

public sealed class DepthBlocksTests
{
    [Theory]
    [InlineData(0, 0, 8)]
    [InlineData(1, 1, 8)]
    [InlineData(288, 1, 288)]
    [InlineData(289, 2, 152)] // 289 / 2 rounded up to a multiple of 8
    [InlineData(576, 2, 288)]
    [InlineData(int.MaxValue, 7_456_541, 288)] // 2^31 / 288 rounded up
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
