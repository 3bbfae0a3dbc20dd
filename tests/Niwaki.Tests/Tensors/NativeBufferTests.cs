using Niwaki.Tensors;

namespace Niwaki.Tests.Tensors;

public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(0, 8)]
    [InlineData(8, 8)]
    [InlineData(9, 9)]
    public void Grow_ShorterOrLonger_HoldsTheLargestNeed(long length, int expected)
    {
        var buffer = new NativeBuffer<float>(8);

        NativeBuffer<float>.Grow(ref buffer, length);

        Assert.Equal(expected, buffer.Span.Length);
        buffer.Dispose();
    }

    // 2^63 - 1 floats are more bytes than an address counts; nothing is asked of the system.
    [Fact]
    public void Grow_NoRoom_LeavesAnEmptyBuffer()
    {
        var buffer = new NativeBuffer<float>(8);

        Assert.Throws<OverflowException>(() => NativeBuffer<float>.Grow(ref buffer, long.MaxValue));

        Assert.True(buffer.Span.IsEmpty); // of a disposed buffer there is no span
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorView<float>(buffer, 2, 4));
        NativeBuffer<float>.Grow(ref buffer, 4);
        Assert.Equal(4, buffer.Span.Length);
        buffer.Dispose();
    }

    [Fact]
    public void Grow_DisposedBuffer_Throws()
    {
        var buffer = new NativeBuffer<float>(8);
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => NativeBuffer<float>.Grow(ref buffer, 16));
    }
}
