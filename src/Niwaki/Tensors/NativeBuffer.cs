using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Niwaki.Tensors.Native;

namespace Niwaki.Tensors;

/// <summary>Owned memory outside the garbage-collected heap, zeroed and aligned to 64 bytes (a cache line, a 512-bit register).</summary>
/// <remarks>Buffers of 2 MiB and more are whole pages of the operating system, see <see cref="PageMemory"/>.</remarks>
/// <typeparam name="T">Element, a plain value.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint CacheLine = 64;
    private readonly nuint _bytes;
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
        _bytes = Math.Max(checked(((nuint)length * (nuint)sizeof(T)) + CacheLine - 1) / CacheLine * CacheLine, CacheLine);
        if (IsPages)
        {
            _pointer = (T*)PageMemory.Allocate(_bytes);
        }
        else
        {
            _pointer = (T*)NativeMemory.AlignedAlloc(_bytes, CacheLine);
            NativeMemory.Clear(_pointer, _bytes);
        }

        NativeMemoryUse.Add((long)_bytes);
    }

    /// <summary>Frees the memory when the owner forgot to.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Elements.</summary>
    public long Length { get; }

    /// <summary>Bytes of the elements.</summary>
    public long ByteLength => Length * sizeof(T);

    private bool IsPages => _bytes >= PageMemory.Alignment;

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

    /// <summary>Exchanges a buffer that is too short for one of at least so many elements, zeroed; a longer one stays as it is.</summary>
    /// <remarks>First freed, then taken: the peak is one buffer. Where the new one cannot be had, an empty buffer is left, never a disposed one.</remarks>
    /// <param name="buffer">The buffer; views of it are no longer valid if it grows.</param>
    /// <param name="length">Elements needed, 0 or more.</param>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of: so was whoever holds it.</exception>
    /// <exception cref="OverflowException">The bytes do not fit the address space.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    internal static void Grow(ref NativeBuffer<T> buffer, long length)
    {
        ObjectDisposedException.ThrowIf(buffer._pointer is null, buffer);
        if (buffer.Length >= length)
        {
            return;
        }

        var empty = new NativeBuffer<T>(0);
        buffer.Dispose();
        buffer = empty;
        buffer = new NativeBuffer<T>(length);
        empty.Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is null)
        {
            return;
        }

        NativeMemoryUse.Add(-(long)_bytes);
        if (IsPages)
        {
            PageMemory.Free(_pointer, _bytes);
        }
        else
        {
            NativeMemory.AlignedFree(_pointer);
        }

        _pointer = null;
    }
}
