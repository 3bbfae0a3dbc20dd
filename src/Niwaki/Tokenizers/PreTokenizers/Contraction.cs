namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>The English contractions that byte-level tokenizers keep together: <c>'s 't 're 've 'm 'll 'd</c>.</summary>
internal static class Contraction
{
    /// <summary>The length of the contraction at the beginning of a text, 0 if there is none.</summary>
    /// <param name="text">Text that begins with an apostrophe.</param>
    /// <param name="ignoreCase">Whether upper case letters of ASCII count too; Oniguruma does not fold U+017F, the long s, here.</param>
    public static int FindLength(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        switch (Fold(text[1], ignoreCase))
        {
            case 's' or 't' or 'm' or 'd':
                return 2;
            case 'r' or 'v':
                return text.Length > 2 && Fold(text[2], ignoreCase) == 'e' ? 3 : 0;
            case 'l':
                return text.Length > 2 && Fold(text[2], ignoreCase) == 'l' ? 3 : 0;
            default:
                return 0;
        }
    }

    private static char Fold(char c, bool ignoreCase) => ignoreCase && char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
