using Niwaki.Tensors;

namespace Niwaki.Tests.Tensors;

public class NativeMemoryUseTests
{
    // Other tests allocate at the same time, so that bounds are all there is: a buffer counts while it is there, in the peak too.
    [Fact]
    public void PeakBytes_BufferTakenAndGivenBack_StaysInThePeak()
    {
        const long Bytes = 1 << 28;
        NativeMemoryUse.ResetPeak();
        using (new NativeBuffer<byte>(Bytes))
        {
            Assert.True(NativeMemoryUse.LiveBytes >= Bytes);
        }

        Assert.True(NativeMemoryUse.PeakBytes >= NativeMemoryUse.LiveBytes);
    }

    [Fact]
    public void Dispose_Twice_CountsOnce()
    {
        long before = NativeMemoryUse.LiveBytes;
        var buffer = new NativeBuffer<byte>(1L << 32);
        buffer.Dispose();
        buffer.Dispose();

        // Twice would leave 4 GiB too few: more than all tests together hold.
        Assert.True(NativeMemoryUse.LiveBytes > before - (1L << 32));
    }
}
