namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Matches a fixed string.</summary>
/// <param name="literal">String to look for, not empty, compared by code units.</param>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    public override void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        int position = 0;
        while (true)
        {
            int offset = text[position..].IndexOf(literal, StringComparison.Ordinal);
            if (offset < 0)
            {
                return;
            }

            pieces.Match(position + offset, position + offset + literal.Length);
            position += offset + literal.Length;
        }
    }
}
