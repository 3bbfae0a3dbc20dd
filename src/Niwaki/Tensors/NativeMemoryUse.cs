namespace Niwaki.Tensors;

/// <summary>Bytes in all native buffers of the process, now and at most: weights, caches and activations, without the managed heap and mapped files.</summary>
/// <remarks>Safe to use from many threads. Buffers that others allocate at the same time are counted too.</remarks>
public static class NativeMemoryUse
{
    private static long _live;
    private static long _peak;

    /// <summary>Bytes now.</summary>
    public static long LiveBytes => Interlocked.Read(ref _live);

    /// <summary>Most bytes at one time since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes => Interlocked.Read(ref _peak);

    /// <summary>Lets the peak begin anew, at the bytes of now.</summary>
    public static void ResetPeak() => Interlocked.Exchange(ref _peak, LiveBytes);

    /// <summary>Counts bytes that were taken, or given back where they are negative.</summary>
    internal static void Add(long bytes)
    {
        long live = Interlocked.Add(ref _live, bytes);
        long peak = Interlocked.Read(ref _peak);
        while (live > peak)
        {
            long seen = Interlocked.CompareExchange(ref _peak, live, peak);
            if (seen == peak)
            {
                return;
            }

            peak = seen;
        }
    }
}
