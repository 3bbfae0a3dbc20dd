using Niwaki.Models;

namespace Niwaki.Tests.Models;

public sealed class BlockScratchTests
{
    // (2^31 - 1)² floats are more than any system has room for.
    [Fact]
    public void Wide_MemoryRefused_IsAsBeforeItsFirstUse()
    {
        using var scratch = new BlockScratch();
        scratch.Wide(2, 3)[1].Fill(1);

        Assert.Throws<OutOfMemoryException>(() => scratch.Wide(int.MaxValue, int.MaxValue));

        Assert.Equal(0, scratch.ByteLength);
        scratch.Wide(2, 3)[1].Fill(1);
        Assert.Equal(2 * 3 * sizeof(float), scratch.ByteLength);
    }
}
