using System.Text.RegularExpressions;

namespace Niwaki.Evaluation.Protocols;

/// <summary>Articles of a WikiText file: the documents of <c>wikitext_document_level</c>, which lm-evaluation-harness scores.</summary>
public static partial class WikiTextPages
{
    /// <summary>Splits a file where a line is the title of an article, such as <c> = Robert Boulter = </c>; titles of sections have more equals signs.</summary>
    /// <param name="text">The file.</param>
    /// <returns>Articles with their titles, lines joined by line feeds; a text without titles is one.</returns>
    public static IEnumerable<string> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = new List<string>();
        foreach (string line in text.Split('\n'))
        {
            if (IsTitle(line) && Page(lines) is { } page)
            {
                yield return page;
            }

            if (IsTitle(line))
            {
                lines.Clear();
            }

            lines.Add(line);
        }

        if (Page(lines) is { } last)
        {
            yield return last;
        }
    }

    /// <summary>Words as the harness counts them: pieces between runs of white space, empty ones at both ends included.</summary>
    /// <param name="page">An article as it stands in the file.</param>
    public static int Words(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return WhiteSpace().Count(page) + 1;
    }

    private static string? Page(List<string> lines)
    {
        string page = string.Join('\n', lines);
        return string.IsNullOrWhiteSpace(page) ? null : page;
    }

    private static bool IsTitle(string line)
    {
        string joined = line.Replace("= = =", "===", StringComparison.Ordinal).Replace("= =", "==", StringComparison.Ordinal).Trim();
        return joined.StartsWith("= ", StringComparison.Ordinal) && joined.EndsWith(" =", StringComparison.Ordinal);
    }

    // \s of Python's re also takes the four separators below the blank.
    [GeneratedRegex(@"[\s\u001C-\u001F]+", RegexOptions.CultureInvariant)]
    private static partial Regex WhiteSpace();
}
