using System.IO.MemoryMappedFiles;

namespace Niwaki.Formats;

/// <summary>A whole file mapped into memory for reading; pages are read when touched and given back when memory is short.</summary>
/// <remarks>A file that another program cuts short while it is mapped ends this process (a bus error); nothing can be done about it here.</remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _pointer;
    private bool _disposed;

    /// <summary>Maps a file of any length, an empty one included.</summary>
    /// <exception cref="IOException">The file does not exist or cannot be mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public MappedFile(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Length = stream.Length;
            if (Length == 0)
            {
                stream.Dispose(); // an empty file cannot be mapped
                return;
            }

            _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
            _pointer += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _map?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>The first byte; null when the file is empty.</summary>
    /// <exception cref="ObjectDisposedException">The file is no longer mapped.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _pointer;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_pointer is not null)
        {
            _pointer = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        _map?.Dispose();
    }
}
