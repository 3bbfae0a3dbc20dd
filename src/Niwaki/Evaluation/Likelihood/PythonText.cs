namespace Niwaki.Evaluation.Likelihood;

/// <summary>Operations on text as Python does them, so that prompts are the same to the letter.</summary>
internal static class PythonText
{
    /// <summary>Whether <c>str.isspace</c> holds: white space of Unicode, and the four separators below the blank.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>As <c>str.rstrip</c>.</summary>
    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    /// <summary>As <c>str.strip</c>.</summary>
    public static string Trim(string text)
    {
        string ended = TrimEnd(text);
        int start = 0;
        while (start < ended.Length && IsSpace(ended[start]))
        {
            start++;
        }

        return ended[start..];
    }

    /// <summary>As <c>str.capitalize</c>: the first letter upper, the rest lower case; letters that become two, such as ß, stay.</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>As <c>len</c>: code points; half a surrogate pair counts as one.</summary>
    public static int Length(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            pairs += char.IsSurrogatePair(text, i) ? 1 : 0;
        }

        return text.Length - pairs;
    }
}
