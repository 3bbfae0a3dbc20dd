using System.Globalization;
using System.Text;
using Niwaki.Formats;

namespace Niwaki.Runs;

/// <summary>Scalars of a recipe as text: in YAML and in messages.</summary>
internal static class ScalarText
{
    /// <summary>Shortest decimal number that reads back to the same float64.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A whole number.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A text as a YAML scalar: bare where no reader could take it for anything else, in double quotes otherwise.</summary>
    public static string Yaml(string text)
    {
        if (IsPlain(text))
        {
            return text;
        }

        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
            {
                quoted.Append('\\').Append((char)rune.Value);
            }
            else if (rune.Value is >= ' ' and <= '~' || Rune.IsLetterOrDigit(rune))
            {
                quoted.Append(rune.ToString());
            }
            else
            {
                // Among the rest are line breaks of Unicode and marks that cannot be seen.
                quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}");
            }
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A scalar of a file in a message; in single quotes unless it is a plain number.</summary>
    public static string Shown(RecipeScalar value)
    {
        if (value.IsNull)
        {
            return "missing";
        }

        bool isNumber = !value.IsQuoted && double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number);
        return isNumber ? value.Text : (value.IsQuoted ? "the text " : "") + $"'{MessageText.Shown(value.Text)}'";
    }

    /// <summary>A hint set off from the sentence before it; nothing when there is none.</summary>
    public static string Sentence(string? hint) => hint is null ? "" : " " + hint;

    /// <summary>Letters, digits and the signs of a path; begins like one; no word that YAML gives a meaning.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0
        && (char.IsAsciiLetter(text[0]) || text[0] == '/' || text is ['.', '/', ..] or ['.', '.', '/', ..])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')
        && text.ToUpperInvariant() is not ("NULL" or "TRUE" or "FALSE" or "YES" or "NO" or "ON" or "OFF" or "Y" or "N");
}
