namespace Niwaki.Formats.HuggingFace;

/// <summary>Which files of a model folder are handed on unchanged with a model made from it.</summary>
internal static class SideFiles
{
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

    /// <summary>The names of such files in a folder, sorted; folders inside it are left out.</summary>
    public static IReadOnlyList<string> In(string folder) =>
    [
        .. Directory.EnumerateFiles(folder)
            .Select(path => Path.GetFileName(path))
            .Where(name => Names.Contains(name, StringComparer.Ordinal)
                || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            .Order(StringComparer.Ordinal),
    ];
}
