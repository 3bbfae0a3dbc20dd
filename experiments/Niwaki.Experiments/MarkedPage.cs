namespace Niwaki.Experiments;

/// <summary>A Markdown page of which a part, between two marks, is written by a program.</summary>
internal static class MarkedPage
{
    private const string Begin = "<!-- tables -->";
    private const string End = "<!-- end of tables -->";

    /// <summary>Puts a text between the marks.</summary>
    /// <param name="path">The page; it has both marks.</param>
    /// <param name="text">What stands between them.</param>
    public static void Write(string path, string text)
    {
        string page = File.ReadAllText(path);
        int first = page.IndexOf(Begin, StringComparison.Ordinal), last = page.IndexOf(End, StringComparison.Ordinal);
        File.WriteAllText(path, $"{page[..first]}{Begin}\n\n{text}{page[last..]}");
    }
}
