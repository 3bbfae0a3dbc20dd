namespace Niwaki.Formats;

/// <summary>Keeps other processes from writing into a folder for as long as it is held.</summary>
public sealed class FolderLock : IDisposable
{
    /// <summary>Name of the empty file that is locked. It stays: removing it would let two processes in.</summary>
    public const string FileName = "run.lock";

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock of a folder.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <returns>The lock; null: another process, or another part of this one, holds it.</returns>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made or written.</exception>
    public static FolderLock? TryTake(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = Path.Combine(folder, FileName);
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Whether a file or folder is neither the lock nor what a killed process left half written, so that the folder it lies in is not new.</summary>
    /// <param name="entry">Path in the folder.</param>
    internal static bool IsForeign(string entry) => Path.GetFileName(entry) != FileName && !AtomicFile.IsTemporary(entry);

    /// <summary>Lets others write into the folder.</summary>
    public void Dispose() => _file.Dispose();
}
