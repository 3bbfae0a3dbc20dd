namespace Niwaki.Kernels.Cpu;

/// <summary>The last, incomplete register of a row: reads and writes exactly the values that are there.</summary>
internal static unsafe class PartialLanes
{
    /// <summary>Reads <paramref name="count"/> values; the other lanes are <paramref name="fill"/>.</summary>
    /// <typeparam name="TLanes">Register type.</typeparam>
    /// <param name="address">First value.</param>
    /// <param name="count">0 to lanes - 1.</param>
    /// <param name="fill">What a reduction ignores: 0 for sums, -∞ for maxima.</param>
    public static TLanes Load<TLanes>(float* address, int count, float fill = 0)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes value = TLanes.Create(fill);
        new ReadOnlySpan<float>(address, count).CopyTo(new Span<float>(&value, TLanes.Count));
        return value;
    }

    /// <summary>Writes the first <paramref name="count"/> lanes.</summary>
    /// <typeparam name="TLanes">Register type.</typeparam>
    /// <param name="value">The lanes.</param>
    /// <param name="address">First value.</param>
    /// <param name="count">0 to lanes - 1.</param>
    public static void Store<TLanes>(TLanes value, float* address, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes copy = value; // an address of its own keeps the callers register out of memory
        new ReadOnlySpan<float>(&copy, count).CopyTo(new Span<float>(address, count));
    }
}
