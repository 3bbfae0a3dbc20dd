using System.Text;

namespace Niwaki.Tokenizers.Normalizers;

/// <summary>What SentencePiece does to white space before it cuts a text (<c>normalizer.cc</c>), for vocabularies without a character map.</summary>
/// <param name="addsDummyPrefix">Whether the text gets a blank in front.</param>
/// <param name="removesExtraBlanks">Whether blanks at both ends are dropped, and runs of blanks become one.</param>
/// <param name="escapesBlanks">Whether blanks become U+2581.</param>
internal sealed class SentencePieceNormalizer(bool addsDummyPrefix, bool removesExtraBlanks, bool escapesBlanks) : Normalizer
{
    /// <summary>The visible blank, LOWER ONE EIGHTH BLOCK.</summary>
    public const char Metaspace = '\u2581';

    private readonly char _blank = escapesBlanks ? Metaspace : ' ';

    public override string Normalize(string text)
    {
        if (removesExtraBlanks)
        {
            text = text.TrimStart(' ');
        }

        if (text.Length == 0)
        {
            return text;
        }

        if (!removesExtraBlanks)
        {
            string escaped = text.Replace(' ', _blank);
            return addsDummyPrefix ? _blank + escaped : escaped;
        }

        var result = new StringBuilder(text.Length + 1);
        if (addsDummyPrefix)
        {
            result.Append(_blank);
        }

        bool afterBlank = true;
        foreach (char c in text)
        {
            if (c != ' ' || !afterBlank)
            {
                result.Append(c == ' ' ? _blank : c);
            }

            afterBlank = c == ' ';
        }

        return result.ToString().TrimEnd(_blank);
    }
}
