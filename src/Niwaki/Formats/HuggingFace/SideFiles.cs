namespace Niwaki.Formats.HuggingFace;

/// <summary>Which files of a model folder are handed on unchanged with a model made from it.</summary>
internal static class SideFiles
{
    private const string TemplateFolder = "additional_chat_templates";
    private const string TemplateExtension = ".jinja";

    /// <summary>Links on a path, as many as Linux follows.</summary>
    private const int MostLinks = 40;

    private static readonly string[] Names =
    [
        "added_tokens.json",
        "chat_template.jinja",
        "chat_template.json",
        ModelFolder.GenerationConfigName,
        "merges.txt",
        "special_tokens_map.json",
        "tekken.json",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
    ];

    /// <summary>Licences come as LICENSE, LICENSE.txt, LICENCE.md, NOTICE, COPYING, USE_POLICY.md.</summary>
    private static readonly string[] Prefixes = ["LICENSE", "LICENCE", "NOTICE", "COPYING", "USE_POLICY"];

    /// <summary>The names of such files in a folder, sorted; of the folders inside it only that of the chat templates counts.</summary>
    /// <remarks>Links to nothing are left out, and licences that are links out of the model: what is made from it will be published, and they are not read here.</remarks>
    public static IReadOnlyList<string> In(string folder)
    {
        string[] homes = Homes(folder);
        return
        [
            .. new DirectoryInfo(folder).EnumerateFiles()
                .Where(file => Names.Contains(file.Name, StringComparer.Ordinal)
                    || (Prefixes.Any(prefix => file.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) && (file.LinkTarget is null || LeadsInto(file, homes))))
                .Where(file => file.LinkTarget is null || TargetOf(file) is not null)
                .Select(file => file.Name)
                .Concat(Templates(folder))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The chat templates with names of their own, <c>additional_chat_templates/NAME.jinja</c>, sorted. Links that lead out of the model are left out.</summary>
    /// <param name="folder">Model folder; a path that is none has no templates.</param>
    public static IReadOnlyList<string> Templates(string folder)
    {
        var templates = new DirectoryInfo(Path.Combine(folder, TemplateFolder));
        if (!templates.Exists || templates.LinkTarget is not null)
        {
            return [];
        }

        string[] homes = Homes(folder);
        return
        [
            .. templates.EnumerateFiles("*" + TemplateExtension)
                .Where(file => file.LinkTarget is null || LeadsInto(file, homes))
                .Select(file => $"{TemplateFolder}/{file.Name}")
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Copies such a file byte for byte, one inside a folder into a folder of that name.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="name">One of the names in it.</param>
    /// <param name="target">Folder that gets the file; exists. A file of the same name is replaced.</param>
    public static void Copy(string folder, string name, string target)
    {
        string path = Path.Combine(target, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Copy(Path.Combine(folder, name), path);
    }

    private static bool LeadsInto(FileInfo link, string[] homes) =>
        TargetOf(link) is { } path && homes.Any(home => path.StartsWith(home, StringComparison.Ordinal));

    /// <summary>The file that a link leads to; null where there is none. (A link to nothing exists too.)</summary>
    private static string? TargetOf(FileInfo link) => RealPath(link.FullName, MostLinks) is { } path && File.Exists(path) ? path : null;

    /// <summary>Where the files of a model may lie: its folder, and in the cache of the hub the <c>blobs</c> to which all files of a <c>snapshots/REVISION</c> are links.</summary>
    private static string[] Homes(string folder)
    {
        string model = Path.TrimEndingDirectorySeparator(RealPath(Path.GetFullPath(folder), MostLinks) ?? Path.GetFullPath(folder));
        string? parent = Path.GetDirectoryName(model);
        string[] homes = Path.GetFileName(parent) == "snapshots" ? [model, Path.Combine(Path.GetDirectoryName(parent)!, "blobs")] : [model];
        return [.. homes.Select(home => home + Path.DirectorySeparatorChar)];
    }

    /// <summary>A full path without links, as the system follows them: a folder on the way may be one, and ".." in its target counts from where it lies.</summary>
    /// <returns>The path; null where more links lie on it than may.</returns>
    private static string? RealPath(string path, int links)
    {
        string real = Path.GetPathRoot(path)!;
        string[] parts = path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string next = Path.Combine(real, parts[i]);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            return links == 0 ? null : RealPath(Path.GetFullPath(Path.Combine([Path.Combine(real, target), .. parts[(i + 1)..]])), links - 1);
        }

        return real;
    }
}
