using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Niwaki.Formats;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Matches a regular expression written for Oniguruma.</summary>
/// <remarks>
/// .NET matches UTF-16 code units, so that <c>\p{L}</c> misses letters of the supplementary planes and a surrogate pair counts twice. A
/// text with such characters is therefore matched in a shadow: every one of them is replaced by a single character of the basic plane of
/// the same general category, and the matches are carried back. Properties, counts and lookarounds then mean the same as in the original.
/// </remarks>
internal sealed class RegexPattern : TextPattern
{
    // One rarely used character of the basic plane for every general category: the last of each that lies below the CJK ideographs or
    // above them, never one that an expression is likely to name.
    private static readonly char[] Representatives = ChooseRepresentatives();

    /// <summary>More than a match of any sensible expression takes by far; one that backtracks without end does not.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;
    private readonly string _expression;

    /// <summary>Prepares an expression.</summary>
    /// <param name="expression">Expression in the syntax of Oniguruma (Ruby).</param>
    /// <param name="mostTime">Most time that a match may take; null: ten seconds.</param>
    /// <exception cref="NotSupportedException">It uses syntax without an equal in .NET; the message says which.</exception>
    public RegexPattern(string expression, TimeSpan? mostTime = null)
    {
        _expression = expression;
        try
        {
            _regex = new Regex(OnigurumaSyntax.Translate(expression), RegexOptions.CultureInvariant, mostTime ?? MostTime);
        }
        catch (RegexParseException error)
        {
            throw new NotSupportedException($"is no regular expression ({error.Error} at character {error.Offset})", error);
        }
    }

    /// <exception cref="UnsupportedModelException">The expression backtracks for more than ten seconds at one place of the text.</exception>
    public override void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        try
        {
            FindAll(text, ref pieces);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new UnsupportedModelException(
                Tokenizer.JsonFileName,
                $"regular expression '{MessageText.Shown(_expression)}'",
                $"tried for more than {_regex.MatchTimeout.TotalSeconds} seconds to match a text of {text.Length} characters",
                "an expression that matches at once");
        }
    }

    private void FindAll(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
        {
            FindMatchesInShadow(text, ref pieces);
            return;
        }

        foreach (ValueMatch match in _regex.EnumerateMatches(text))
        {
            pieces.Match(match.Index, match.Index + match.Length);
        }
    }

    private void FindMatchesInShadow(ReadOnlySpan<char> text, ref PieceJoiner pieces)
    {
        char[] shadow = ArrayPool<char>.Shared.Rent(text.Length);
        int shadowLength = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isPair = char.IsHighSurrogate(text[i]);
            shadow[shadowLength++] = isPair ? RepresentativeOf(char.ConvertToUtf32(text[i], text[++i])) : text[i];
        }

        int shadowPosition = 0;
        int position = 0;
        foreach (ValueMatch match in _regex.EnumerateMatches(shadow.AsSpan(0, shadowLength)))
        {
            position = Advance(text, position, match.Index - shadowPosition);
            int end = Advance(text, position, match.Length);
            pieces.Match(position, end);
            position = end;
            shadowPosition = match.Index + match.Length;
        }

        ArrayPool<char>.Shared.Return(shadow);
    }

    private static int Advance(ReadOnlySpan<char> text, int position, int characters)
    {
        for (int i = 0; i < characters; i++)
        {
            position += char.IsHighSurrogate(text[position]) ? 2 : 1;
        }

        return position;
    }

    private static char RepresentativeOf(int codePoint)
    {
        // Squared and circled letters are symbols that count as letters of words; so are the circled ones of the basic plane.
        const char CircledLetter = '\u24B6';
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
        bool isWordSymbol = category == UnicodeCategory.OtherSymbol && CharacterKinds.IsWord(new Rune(codePoint));
        return isWordSymbol ? CircledLetter : Representatives[(int)category];
    }

    private static char[] ChooseRepresentatives()
    {
        const char LastBeforeIdeographs = '\u2E7F';
        const char FirstBehindIdeographs = '\uA000';
        var representatives = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        Array.Fill(representatives, '\uFFFE');
        for (int c = 0; c < 0xFF00; c++)
        {
            if (c is > LastBeforeIdeographs and < FirstBehindIdeographs)
            {
                continue;
            }

            representatives[(int)char.GetUnicodeCategory((char)c)] = (char)c;
        }

        return representatives;
    }
}
