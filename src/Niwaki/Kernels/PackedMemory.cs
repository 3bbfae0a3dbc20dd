using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>Memory for the packed weights of many linears, one behind the other, given back at once.</summary>
/// <remarks>
/// A buffer of its own would leave up to 2 MiB of every linear in small pages (see <see cref="NativeBuffer{T}"/>). A step of generation touches each of
/// those once, and after some time without use their translation alone took several times as long as the product. Not thread safe.
/// </remarks>
internal sealed unsafe class PackedMemory : IDisposable
{
    private const long CacheLine = 64;
    private readonly NativeBuffer<byte> _buffer;
    private long _taken;

    /// <summary>Takes the memory from the system.</summary>
    /// <param name="bytes">Bytes, 0 or more: the sum of <see cref="BytesFor"/> of what shall fit.</param>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public PackedMemory(long bytes)
    {
        _buffer = new NativeBuffer<byte>(bytes);
    }

    /// <summary>Whether the memory was given back: what was handed out may no longer be read.</summary>
    public bool IsDisposed => _buffer.Pointer is null;

    /// <summary>Bytes that are not handed out yet.</summary>
    public long FreeBytes => _buffer.ByteLength - _taken;

    /// <summary>Bytes that packed weights of one linear take here.</summary>
    /// <param name="outputs">N of all stacked matrices.</param>
    /// <param name="inputs">K.</param>
    /// <param name="type">What they are stored as, see <see cref="PackedWeights.ElementType"/>.</param>
    /// <param name="format">How they are stored.</param>
    public static long BytesFor(int outputs, int inputs, ElementType type, PackedFormat format) =>
        WholeLines(PackedWeights.DataBytes(outputs, inputs, type, format, Cpu.KernelPaths.Best));

    /// <summary>Hands out zeroed memory, aligned to a cache line; valid until the whole is given back.</summary>
    /// <param name="bytes">Bytes, 0 or more.</param>
    /// <returns>The memory, or null where so much is not left.</returns>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public byte* Take(long bytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        long lines = WholeLines(bytes);
        if (lines > FreeBytes)
        {
            return null;
        }

        byte* memory = _buffer.Pointer + _taken;
        _taken += lines;
        return memory;
    }

    /// <inheritdoc />
    public void Dispose() => _buffer.Dispose();

    private static long WholeLines(long bytes) => checked(bytes + CacheLine - 1) / CacheLine * CacheLine;
}
