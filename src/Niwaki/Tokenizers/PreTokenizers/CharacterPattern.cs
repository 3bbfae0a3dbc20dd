using System.Text;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Matches single characters that have a property; neighbours are matches of their own.</summary>
/// <param name="isMatch">The property.</param>
internal sealed class CharacterPattern(Func<Rune, bool> isMatch) : TextPattern
{
    public override void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            if (isMatch(rune))
            {
                pieces.Match(position, end);
            }

            position = end;
        }
    }
}
