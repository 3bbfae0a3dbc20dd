namespace Niwaki.Formats.HuggingFace;

/// <summary>Which files of a model folder are handed on unchanged with a model made from it.</summary>
internal static class SideFiles
{
    private const string TemplateFolder = "additional_chat_templates";
    private const string TemplateExtension = ".jinja";

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
                .Where(file => file.LinkTarget is null || file.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true })
                .Where(file => Names.Contains(file.Name, StringComparer.Ordinal)
                    || (Prefixes.Any(prefix => file.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) && (file.LinkTarget is null || LeadsInto(file, homes))))
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
        link.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } file
        && homes.Any(home => Path.GetFullPath(file.FullName).StartsWith(home, StringComparison.Ordinal));

    /// <summary>Where the files of a model may lie: its folder, and in the cache of the hub the <c>blobs</c> to which all files of a <c>snapshots/REVISION</c> are links.</summary>
    private static string[] Homes(string folder)
    {
        string model = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string? parent = Path.GetDirectoryName(model);
        string[] homes = Path.GetFileName(parent) == "snapshots" ? [model, Path.Combine(Path.GetDirectoryName(parent)!, "blobs")] : [model];
        return [.. homes.Select(home => home + Path.DirectorySeparatorChar)];
    }
}
