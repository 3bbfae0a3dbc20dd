using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Niwaki.Reports;

/// <summary>Pieces of a page. Whatever comes from a file is escaped here and nowhere else.</summary>
internal static class Html
{
    /// <summary>Letters of all scripts stay as they are; what HTML gives a meaning, and control characters, do not.</summary>
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>A text as HTML shows it.</summary>
    public static string Escape(string text) => Encoder.Encode(text);

    /// <summary>A table; cells are escaped, columns from the second on are figures.</summary>
    public static string Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string style = "figures")
    {
        var html = new StringBuilder("<div class=\"scroll\"><table class=\"").Append(style).Append("\"><thead><tr>");
        foreach (string header in headers)
        {
            html.Append("<th>").Append(Escape(header)).Append("</th>");
        }

        html.Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            html.Append("<tr>");
            foreach (string cell in row)
            {
                html.Append("<td>").Append(Escape(cell)).Append("</td>");
            }

            html.Append("</tr>");
        }

        return html.Append("</tbody></table></div>").ToString();
    }

    /// <summary>A paragraph.</summary>
    public static string Paragraph(string text, string style = "") => $"<p{(style.Length > 0 ? $" class=\"{style}\"" : "")}>{Escape(text)}</p>";

    /// <summary>A picture with a title above and a sentence below; <paramref name="picture"/> is HTML already.</summary>
    public static string Figure(string title, string picture, string note) =>
        $"<figure><h3>{Escape(title)}</h3>{picture}<figcaption>{Escape(note)}</figcaption></figure>";

    /// <summary>A section; the content is HTML already.</summary>
    public static string Section(string title, string content) => $"<section><h2>{Escape(title)}</h2>{content}</section>\n";

    /// <summary>A whole page without anything from elsewhere: a policy inside it forbids scripts, and requests of any kind.</summary>
    public static string Document(string title, string body) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark">
        <title>{Escape(title)}</title>
        <style>{PageStyle.Css}</style>
        </head>
        <body>
        <main>
        {body}</main>
        </body>
        </html>

        """.ReplaceLineEndings("\n");
}
