namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>The pattern of Llama 3 and of Qwen 2 and 3, written out by hand; both derive from cl100k of GPT-4.</summary>
/// <remarks>
/// Equal to <see cref="Expression"/>, whose alternatives are tried in order at every position. Together they match every character, so
/// that there are no gaps. Linear in the length of the text.
/// </remarks>
/// <param name="maxDigits">Digits of a number that stay together: 3 for Llama 3, 1 for Qwen.</param>
internal sealed class Cl100kPattern(int maxDigits) : TextPattern
{
    /// <summary>The regular expression that this class stands for.</summary>
    /// <param name="maxDigits">Digits of a number that stay together.</param>
    public static string Expression(int maxDigits) =>
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + (maxDigits == 1 ? string.Empty : $"{{1,{maxDigits}}}") +
        @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public override void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        int position = 0;
        while (position < text.Length)
        {
            int end = FindEnd(text, position);
            pieces.Match(position, end);
            position = end;
        }
    }

    private int FindEnd(ReadOnlySpan<char> text, int start)
    {
        char c = text[start];
        if (c == '\'')
        {
            int contraction = Contraction.FindLength(text[start..], ignoreCase: true);
            if (contraction > 0)
            {
                return start + contraction;
            }
        }

        CharacterKind kind = CharacterKinds.At(text, start, out int length);
        switch (kind)
        {
            case CharacterKind.Letter:
                return CharacterKinds.FindRunEnd(text, start + length, CharacterKind.Letter);
            case CharacterKind.Number:
                return CharacterKinds.FindRunEnd(text, start + length, CharacterKind.Number, maxDigits - 1);
        }

        // One character that is no letter, number or line break goes with the letters after it.
        int second = start + length;
        CharacterKind secondKind = second < text.Length ? CharacterKinds.At(text, second, out _) : CharacterKind.WhiteSpace;
        if (secondKind == CharacterKind.Letter && c is not ('\r' or '\n'))
        {
            return CharacterKinds.FindRunEnd(text, second, CharacterKind.Letter);
        }

        return kind == CharacterKind.Other || (c == ' ' && secondKind == CharacterKind.Other)
            ? FindSymbolsEnd(text, second)
            : FindWhiteSpaceEnd(text, start);
    }

    /// <summary><c> ?[^\s\p{L}\p{N}]+[\r\n]*</c> from the second character on.</summary>
    private static int FindSymbolsEnd(ReadOnlySpan<char> text, int position)
    {
        int end = CharacterKinds.FindRunEnd(text, position, CharacterKind.Other);
        while (end < text.Length && text[end] is '\r' or '\n')
        {
            end++;
        }

        return end;
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: up to the last line break of the run if it has one.</summary>
    private static int FindWhiteSpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int end = WhiteSpaceRun.FindFullEnd(text, start);
        int lineBreak = text[start..end].LastIndexOfAny('\r', '\n');
        return lineBreak >= 0 ? start + lineBreak + 1 : WhiteSpaceRun.Shorten(text, start, end);
    }
}
