namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>The pattern of GPT-2, written out by hand: contractions, words, numbers, symbols and white space.</summary>
/// <remarks>
/// Equal to <see cref="Expression"/> (Radford et al., 2019, <c>encoder.py</c>), whose alternatives are tried in order at every position.
/// Together they match every character, so that there are no gaps. Linear in the length of the text.
/// </remarks>
internal sealed class Gpt2Pattern : TextPattern
{
    /// <summary>The regular expression that this class stands for.</summary>
    public const string Expression = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

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

    private static int FindEnd(ReadOnlySpan<char> text, int start)
    {
        char c = text[start];
        if (c == '\'')
        {
            int contraction = Contraction.FindLength(text[start..], ignoreCase: false);
            if (contraction > 0)
            {
                return start + contraction;
            }
        }

        // A blank belongs to the run after it, unless that run is white space itself.
        int runStart = c == ' ' && start + 1 < text.Length ? start + 1 : start;
        CharacterKind kind = CharacterKinds.At(text, runStart, out int length);
        return kind == CharacterKind.WhiteSpace ? WhiteSpaceRun.FindEnd(text, start) : CharacterKinds.FindRunEnd(text, runStart + length, kind);
    }
}
