namespace Niwaki.Tokenizers.Pipeline;

/// <summary>Makes sure that a string of .NET is text: whole characters only.</summary>
internal static class WellFormedText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text with every unpaired surrogate replaced by U+FFFD, as UTF-8 encoders do; the same string where there is none.</summary>
    public static string Of(string text)
    {
        int first = FindUnpaired(text, 0);
        if (first < 0)
        {
            return text;
        }

        char[] repaired = text.ToCharArray();
        for (int i = first; i >= 0; i = FindUnpaired(text, i + 1))
        {
            repaired[i] = Replacement;
        }

        return new string(repaired);
    }

    private static int FindUnpaired(ReadOnlySpan<char> text, int position)
    {
        while (true)
        {
            int offset = text[position..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (offset < 0)
            {
                return -1;
            }

            position += offset;
            bool isPair = position + 1 < text.Length && char.IsSurrogatePair(text[position], text[position + 1]);
            if (!isPair)
            {
                return position;
            }

            position += 2;
        }
    }
}
