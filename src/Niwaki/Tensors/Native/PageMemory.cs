using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Niwaki.Tensors.Native;

/// <summary>Zeroed memory straight from the operating system's pages, for large buffers.</summary>
/// <remarks>
/// A general allocator keeps what large buffers leave behind: after its first free of a mapping it serves buffers of that size from a heap that
/// fragments, and weights which are packed anew for every pass then cost twice their bytes. Pages go back at once. On Linux the system is asked for
/// huge pages, without which a walk over packed weights misses the address translation cache on every panel.
/// </remarks>
internal static unsafe partial class PageMemory
{
    /// <summary>The size of a huge page, and the boundary on which memory starts.</summary>
    public const nuint Alignment = 2 << 20;

    private const int ReadWrite = 1 | 2; // PROT_READ | PROT_WRITE
    private const int Private = 2; // MAP_PRIVATE
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    private static readonly bool HasMappings = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    private static int Anonymous => OperatingSystem.IsMacOS() ? 0x1000 : 0x20; // MAP_ANONYMOUS

    /// <summary>Takes zeroed memory that starts on a multiple of <see cref="Alignment"/>.</summary>
    /// <param name="bytes">At least one.</param>
    /// <exception cref="OutOfMemoryException">The system refuses the memory.</exception>
    [SuppressMessage("Usage", "CA2201", Justification = "What the runtime's own allocators throw in this case; callers handle one type.")]
    [SuppressMessage("Design", "MA0012", Justification = "As above.")]
    public static void* Allocate(nuint bytes)
    {
        if (!HasMappings)
        {
            void* memory = NativeMemory.AlignedAlloc(bytes, Alignment);
            NativeMemory.Clear(memory, bytes);
            return memory;
        }

        nuint kept = WholePages(bytes);
        nuint taken = checked(kept + Alignment);
        byte* start = (byte*)Map(null, taken, ReadWrite, Private | Anonymous, -1, 0);
        if ((nint)start == -1)
        {
            throw new OutOfMemoryException($"The system refuses {bytes:N0} bytes of memory.");
        }

        byte* aligned = (byte*)(((nuint)start + Alignment - 1) / Alignment * Alignment);
        if (aligned > start)
        {
            _ = Unmap(start, (nuint)(aligned - start));
        }

        byte* end = aligned + kept;
        _ = Unmap(end, (nuint)(start + taken - end));
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(aligned, kept, AdviseHugePages); // a wish: without it everything works, more slowly
        }

        return aligned;
    }

    /// <summary>Gives memory back.</summary>
    /// <param name="memory">From <see cref="Allocate"/>, or null.</param>
    /// <param name="bytes">As it was allocated.</param>
    public static void Free(void* memory, nuint bytes)
    {
        if (!HasMappings)
        {
            NativeMemory.AlignedFree(memory);
        }
        else if (memory is not null)
        {
            _ = Unmap(memory, WholePages(bytes));
        }
    }

    private static nuint WholePages(nuint bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return checked(bytes + page - 1) / page * page;
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
