using System.Text;
using System.Text.RegularExpressions;

namespace Niwaki.Formats;

/// <summary>Writes files that appear whole or not at all.</summary>
/// <remarks>
/// The bytes go to a temporary file in the same folder, which is flushed to disk and then renamed over the target. Until the rename
/// an existing target is untouched; after a failure the temporary file is removed. A crash of the machine right after the rename may
/// bring back the old file, never half a new one.
/// </remarks>
public static partial class AtomicFile
{
    /// <summary>Large enough that rows of weights reach the system in few calls: 1 MiB.</summary>
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a file through a stream.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <param name="write">Writes the content; the stream is only valid inside the call. An exception leaves the target as it was.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        Write(path, 0, write);
    }

    /// <summary>Writes a text as UTF-8 without byte order mark.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <param name="text">Content.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <param name="path">Target; its folder exists. An existing file is replaced.</param>
    /// <param name="bytes">Content.</param>
    /// <exception cref="IOException">The folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the target may not be written.</exception>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Copies a file byte for byte; a link is followed, so that the copy stands on its own.</summary>
    /// <param name="source">File to read.</param>
    /// <param name="target">Target; its folder exists. An existing file is replaced.</param>
    /// <exception cref="IOException">A file or folder does not exist, the disk is full, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The source may not be read or the target not written.</exception>
    public static void Copy(string source, string target)
    {
        using FileStream input = new(source, FileMode.Open, FileAccess.Read, FileShare.Read);
        Write(target, input.CopyTo);
    }

    /// <summary>Refuses a file that could not be written, before time goes into what it is to hold. Leaves nothing.</summary>
    /// <param name="path">Target; an existing file stays as it is.</param>
    /// <exception cref="IOException">The target is a folder, lies in none, or nothing can be written beside it.</exception>
    public static void ThrowIfUnwritable(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        string? fault = Directory.Exists(path) ? "is a folder" : Directory.Exists(folder) ? null : "lies in a folder that does not exist";
        if (fault is not null)
        {
            throw new IOException($"'{path}' {fault}, expected a file to write. Give another path.");
        }

        try
        {
            DeleteQuietly(WriteTemporary(path, 0, _ => { }));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}' cannot be written ({exception.Message}), expected a file to write. Give another path.", exception);
        }
    }

    /// <summary>Removes what processes that were killed left half written in a folder.</summary>
    /// <param name="folder">The folder, locked by the caller so that nobody writes there; it need not exist.</param>
    /// <exception cref="IOException">Something cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">Something may not be removed.</exception>
    public static void DeleteTemporaries(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string[] left = Directory.Exists(folder) ? [.. Directory.EnumerateFileSystemEntries(folder).Where(IsTemporary)] : [];
        foreach (string entry in left)
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    /// <summary>Writes a file of known size; a disk too full for it is noticed before the first write.</summary>
    internal static void Write(string path, long byteLength, Action<Stream> write)
    {
        string temporary = WriteTemporary(path, byteLength, write);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>A name that nothing has yet, for a file or folder until it is whole.</summary>
    /// <param name="path">The target that it will be renamed to.</param>
    internal static string TemporaryName(string path) => $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp";

    /// <summary>Whether a file or folder has a name of <see cref="TemporaryName"/>, which only a process that was killed leaves behind.</summary>
    /// <param name="path">Any path.</param>
    internal static bool IsTemporary(string path) => TemporaryNames().IsMatch(Path.GetFileName(path));

    [GeneratedRegex(@"^\..+\.[0-9a-f]{32}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryNames();

    /// <summary>Writes and flushes a temporary file beside a target, to be renamed by the caller; removes it on failure.</summary>
    /// <param name="path">The target that the file will be renamed to.</param>
    /// <param name="byteLength">Bytes to reserve, so that a full disk is noticed before the first write; 0 = not known.</param>
    /// <param name="write">Writes the content.</param>
    /// <returns>Path of the temporary file.</returns>
    internal static string WriteTemporary(string path, long byteLength, Action<Stream> write)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? throw new IOException($"'{path}' is a root, expected a file in a folder.");
        string temporary = Path.Combine(folder, TemporaryName(path));
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = BufferBytes,
                PreallocationSize = byteLength,
            };
            using FileStream stream = new(temporary, options);
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }

        return temporary;
    }

    /// <summary>Removes a temporary file; a failure must not hide the error that led here.</summary>
    internal static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
