namespace Niwaki.Formats;

/// <summary>Makes folders that appear complete or not at all.</summary>
internal static class NewFolder
{
    /// <summary>Fills a folder under a temporary name beside the target and renames it; removes it after an error.</summary>
    /// <param name="path">The target; nothing is there yet. Missing folders above it are made.</param>
    /// <param name="fill">Puts the files into the folder of the path it is given.</param>
    /// <exception cref="IOException">Something is at the target already, or the folder cannot be made or renamed.</exception>
    public static void Build(string path, Action<string> fill)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.Exists(target))
        {
            throw new IOException($"Target '{path}' exists already, expected a path where nothing is yet. Choose another one, or remove it.");
        }

        string parent = Path.GetDirectoryName(target)!;
        string temporary = Path.Combine(parent, AtomicFile.TemporaryName(target));
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            Directory.Move(temporary, target);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>Removes the folder; a failure must not hide the error that led here.</summary>
    private static void DeleteQuietly(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
