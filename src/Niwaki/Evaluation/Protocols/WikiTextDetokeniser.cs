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
        text = Parentheses().Replace(text, "($1)");
        text = Brackets().Replace(text, "[$1]");
        text = Braces().Replace(text, "{$1}");
        text = DoubleQuotes().Replace(text, "\"$1\"");
        text = SingleQuotes().Replace(text, "'$1'");
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

    [GeneratedRegex("/' [0-9]/", RegexOptions.CultureInvariant)]
    private static partial Regex SlashedDigit();

    [GeneratedRegex(@"\(\s*([^\)]*?)\s*\)", RegexOptions.CultureInvariant)]
    private static partial Regex Parentheses();

    [GeneratedRegex(@"\[\s*([^\]]*?)\s*\]", RegexOptions.CultureInvariant)]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\{\s*([^}]*?)\s*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Braces();

    [GeneratedRegex(@"""\s*([^""]*?)\s*""", RegexOptions.CultureInvariant)]
    private static partial Regex DoubleQuotes();

    [GeneratedRegex(@"'\s*([^']*?)\s*'", RegexOptions.CultureInvariant)]
    private static partial Regex SingleQuotes();
}
