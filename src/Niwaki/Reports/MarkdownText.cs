using Niwaki.Formats;

namespace Niwaki.Reports;

/// <summary>Foreign text inside Markdown.</summary>
internal static class MarkdownText
{
    /// <summary>A text of unknown origin inside a line: short, on one line, without what Markdown and HTML give a meaning.</summary>
    public static string Cell(string text) => Inline(MessageText.Shown(text));

    /// <summary>A text of any length inside a line.</summary>
    public static string Inline(string text) => text.Replace('`', '\'').Replace('|', '/').Replace('<', '(').Replace('>', ')').Replace('\n', ' ');
}
