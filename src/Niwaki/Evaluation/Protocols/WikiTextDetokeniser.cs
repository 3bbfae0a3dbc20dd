using System.Text;
using System.Text.RegularExpressions;

namespace Niwaki.Evaluation.Protocols;

/// <summary>Undoes the spaces that WikiText puts around punctuation, step by step as task <c>wikitext</c> of lm-evaluation-harness does, its oddities included.</summary>
public static partial class WikiTextDetokeniser
{
    private const string DegreeSign = "\u00B0";

    /// <summary>Plain replacements in front of the paired brackets and quotes.</summary>
    private static readonly (string From, string To)[] Punctuation =
    [
        (" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."), (" : ", ": "), (" ; ", "; "), (" . ", ". "), (" ! ", "! "), (" ? ", "? "), (" , ", ", "),
    ];

    /// <summary>Plain replacements behind them.</summary>
    private static readonly (string From, string To)[] Rest =
    [
        ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" " + DegreeSign + " ", DegreeSign), (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s"),
    ];

    /// <summary>Detokenises an article.</summary>
    /// <param name="page">The article as it stands in the file.</param>
    public static string Apply(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        string text = page.Replace("s '", "s'", StringComparison.Ordinal);

        // What looks like a class of digits in the replacement is written out as it stands.
        text = SlashedDigit().Replace(text, "/'[0-9]/");
        text = ReplaceAll(text, Punctuation);
        text = Tightened(text, '(', ')');
        text = Tightened(text, '[', ']');
        text = Tightened(text, '{', '}');
        text = Tightened(text, '"', '"');
        text = Tightened(text, '\'', '\'');
        return ReplaceAll(text, Rest);
    }

    private static string ReplaceAll(string text, (string From, string To)[] steps)
    {
        foreach ((string from, string to) in steps)
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>
    /// Takes away white space at the edges of what stands between an opening character and the next closing one. The harness has an expression for it, such as
    /// <c>\(\s*([^\)]*?)\s*\)</c>, which goes back and forth over white space that nothing closes; this goes over the text once.
    /// </summary>
    private static string Tightened(string text, char opening, char closing)
    {
        var tight = new StringBuilder(text.Length);
        int copied = 0;
        int open;
        while ((open = text.IndexOf(opening, copied)) >= 0)
        {
            int close = text.IndexOf(closing, open + 1);
            if (close < 0)
            {
                break;
            }

            tight.Append(text, copied, open + 1 - copied).Append(text.AsSpan(open + 1, close - open - 1).Trim()).Append(closing);
            copied = close + 1;
        }

        return tight.Append(text, copied, text.Length - copied).ToString();
    }

    [GeneratedRegex("/' [0-9]/", RegexOptions.CultureInvariant)]
    private static partial Regex SlashedDigit();
}
