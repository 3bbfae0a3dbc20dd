using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class GrowingBufferTests
{
    // (2^31 - 1)² floats are more than any system has room for.
    [Fact]
    public void View_MemoryRefused_IsAsBeforeItsFirstUse()
    {
        using var buffer = new GrowingBuffer();
        buffer.View(2, 3)[1].Fill(1);

        Assert.Throws<OutOfMemoryException>(() => buffer.View(int.MaxValue, int.MaxValue));

        Assert.Equal(0, buffer.ByteLength);
        buffer.View(2, 3)[1].Fill(1);
        Assert.Equal(2 * 3 * sizeof(float), buffer.ByteLength);
    }
}
