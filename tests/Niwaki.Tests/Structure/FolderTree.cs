namespace Niwaki.Tests.Structure;

/// <summary>Compares the tree of folders in the README with the folders that exist.</summary>
/// <remarks>
/// The tree is the code block below the heading <c>## Where things are</c>: one folder a line, two spaces a level, the name with a slash and
/// then what it holds. A folder that shows one of its subfolders shows all of them. Folders that begin with a dot are left out, and those
/// that git ignores.
/// </remarks>
internal static class FolderTree
{
    private const string Heading = "## Where things are";

    /// <summary>Paths in the tree of a README, in its order, such as <c>src/Niwaki</c>.</summary>
    /// <exception cref="FormatException">There is no such block, or a line of it is no folder.</exception>
    public static IReadOnlyList<string> Parse(string readme)
    {
        List<string> above = [];
        List<string> paths = [];
        foreach (string line in Block(readme))
        {
            string name = line.Trim().Split(' ')[0];
            int indent = line.Length - line.TrimStart().Length;
            if (!name.EndsWith('/') || indent % 2 != 0 || indent / 2 > above.Count)
            {
                throw new FormatException($"README line '{line}' is no folder, expected two spaces a level, a name and a slash.");
            }

            above.RemoveRange(indent / 2, above.Count - (indent / 2));
            above.Add(name.TrimEnd('/'));
            paths.Add(string.Join('/', above));
        }

        return paths;
    }

    /// <summary>Where a tree and the folders on disk differ.</summary>
    /// <param name="listed">Paths in the tree.</param>
    /// <param name="existing">Paths that exist.</param>
    public static IReadOnlyList<string> Differences(IReadOnlyList<string> listed, IReadOnlyList<string> existing)
    {
        HashSet<string> opened = [.. listed.Select(Parent)];
        return
        [
            .. listed.Except(existing).Select(path => $"README lists '{path}', which does not exist. Remove the line."),
            .. existing.Where(path => opened.Contains(Parent(path))).Except(listed)
                .Select(path => $"'{path}' is not in the tree of the README. Add a line for it."),
        ];
    }

    /// <summary>Folders below a root that hold at least one file.</summary>
    /// <param name="root">The root of the repository.</param>
    /// <param name="ignored">Names of folders to leave out.</param>
    public static IReadOnlyList<string> Existing(string root, IReadOnlyCollection<string> ignored)
    {
        List<string> paths = [];
        AddFolders(paths, root, "", ignored);
        return paths;
    }

    private static string[] Block(string readme)
    {
        string[] lines = readme.ReplaceLineEndings("\n").Split('\n');
        int heading = Array.IndexOf(lines, Heading);
        int first = Array.FindIndex(lines, Math.Max(heading, 0), line => line.StartsWith("```", StringComparison.Ordinal)) + 1;
        int end = first == 0 ? -1 : Array.IndexOf(lines, "```", first);
        return heading >= 0 && end >= 0 ? lines[first..end] : throw new FormatException($"README has no code block below '{Heading}'.");
    }

    private static string Parent(string path) => path.Contains('/') ? path[..path.LastIndexOf('/')] : "";

    /// <summary>Adds the subfolders of a folder; returns whether it holds a file anywhere.</summary>
    private static bool AddFolders(List<string> paths, string folder, string prefix, IReadOnlyCollection<string> ignored)
    {
        bool holdsFile = Directory.EnumerateFiles(folder).Any();
        foreach (string child in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(child);
            if (name.StartsWith('.') || ignored.Contains(prefix + name) || ignored.Contains(name))
            {
                continue;
            }

            int before = paths.Count;
            paths.Add(prefix + name);
            if (AddFolders(paths, child, prefix + name + "/", ignored))
            {
                holdsFile = true;
            }
            else
            {
                paths.RemoveRange(before, paths.Count - before);
            }
        }

        return holdsFile;
    }
}
