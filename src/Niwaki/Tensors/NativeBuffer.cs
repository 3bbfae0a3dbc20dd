using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Niwaki.Tensors;

/// <summary>Owned memory outside the garbage-collected heap, zeroed and aligned to 64 bytes (a cache line, a 512-bit register).</summary>
/// <remarks>Buffers of 2 MiB and more start on a 2 MiB boundary, so that the operating system can back them with huge pages.</remarks>
/// <typeparam name="T">Element, a plain value.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private T* _pointer;

    /// <summary>Allocates zeroed memory.</summary>
    /// <param name="length">Elements, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="OverflowException">The bytes do not fit the address space.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        nuint alignment = bytes >= HugePage ? HugePage : CacheLine;
        bytes = Math.Max(checked(bytes + CacheLine - 1) / CacheLine * CacheLine, CacheLine);
        _pointer = (T*)NativeMemory.AlignedAlloc(bytes, alignment);
        NativeMemory.Clear(_pointer, bytes);
    }

    /// <summary>Frees the memory when the owner forgot to.</summary>
    ~NativeBuffer() => NativeMemory.AlignedFree(_pointer);

    /// <summary>Elements.</summary>
    public long Length { get; }

    /// <summary>Bytes of the elements.</summary>
    public long ByteLength => Length * sizeof(T);

    /// <summary>The first element; null after <see cref="Dispose"/>.</summary>
    public T* Pointer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _pointer;
    }

    /// <summary>All elements.</summary>
    /// <exception cref="OverflowException">There are more elements than a span can hold.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public Span<T> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return new Span<T>(_pointer, checked((int)Length));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        GC.SuppressFinalize(this);
    }
}
