namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>A run of white space as <c>\s+(?!\S)|\s+</c> takes it.</summary>
internal static class WhiteSpaceRun
{
    /// <summary>The end of the match at <paramref name="start"/>, which is white space.</summary>
    /// <remarks>The last character of a run that is followed by something else is left to what follows, unless it is the only one.</remarks>
    public static int FindEnd(ReadOnlySpan<char> text, int start) => Shorten(text, start, FindFullEnd(text, start));

    /// <summary>The end of the whole run.</summary>
    public static int FindFullEnd(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        while (end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return end;
    }

    /// <summary>The end of the match, given the end of the whole run.</summary>
    public static int Shorten(ReadOnlySpan<char> text, int start, int end) => end == text.Length || end - start == 1 ? end : end - 1;
}
