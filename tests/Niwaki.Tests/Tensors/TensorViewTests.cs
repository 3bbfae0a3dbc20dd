using Niwaki.Tensors;

namespace Niwaki.Tests.Tensors;

public sealed class TensorViewTests
{
    [Fact]
    public void Constructor_DisposedBuffer_ThrowsWhereElementsAreWanted()
    {
        var buffer = new NativeBuffer<float>(8);
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => new TensorView<float>(buffer, 2, 4));
        Assert.Equal(0, new TensorView<float>(buffer, 0, 4).Rows);
    }
}
