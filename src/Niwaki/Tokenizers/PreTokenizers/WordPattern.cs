using System.Text;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Matches words and runs of symbols: <c>\w+|[^\w\s]+</c>.</summary>
internal sealed class WordPattern : TextPattern
{
    public override void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        int position = 0;
        int start = 0;
        bool isWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isSpace = Rune.IsWhiteSpace(rune);
            bool nextIsWord = !isSpace && CharacterKinds.IsWord(rune);
            if (position > start && (isSpace || nextIsWord != isWord))
            {
                pieces.Match(start, position);
                start = position;
            }

            position += rune.Utf16SequenceLength;
            isWord = nextIsWord;
            if (isSpace)
            {
                start = position;
            }
        }

        if (position > start)
        {
            pieces.Match(start, position);
        }
    }
}
