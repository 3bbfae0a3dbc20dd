using System.Globalization;
using System.Text;

namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Character classes of Unicode as the regular expressions of tokenizers mean them, supplementary planes included.</summary>
internal static class CharacterKinds
{
    // One byte for each UTF-16 code unit: the scanners look up nearly every character of a text.
    private static readonly CharacterKind[] OfCodeUnit = Classify();

    /// <summary>The class of the character that begins at a position.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="index">Position of the character.</param>
    /// <param name="length">Code units of the character, 1 or 2.</param>
    public static CharacterKind At(ReadOnlySpan<char> text, int index, out int length)
    {
        char c = text[index];
        length = 1;
        if (!char.IsSurrogate(c))
        {
            return OfCodeUnit[c];
        }

        length = 2;
        return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[index + 1])));
    }

    /// <summary>The end of a run of characters of one class.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="position">Where the run begins or goes on.</param>
    /// <param name="kind">The class.</param>
    /// <param name="limit">Most characters to take.</param>
    public static int FindRunEnd(ReadOnlySpan<char> text, int position, CharacterKind kind, int limit = int.MaxValue)
    {
        for (int i = 0; i < limit && position < text.Length && At(text, position, out int length) == kind; i++)
        {
            position += length;
        }

        return position;
    }

    /// <summary>Whether a character is punctuation: general category P, or one of the symbols of ASCII.</summary>
    public static bool IsPunctuation(Rune rune) =>
        Rune.IsPunctuation(rune) || (rune.IsAscii && Rune.IsSymbol(rune));

    /// <summary>Whether a character belongs to words: <c>\w</c> of Unicode's regular expressions (UTS #18, annex C).</summary>
    /// <remarks>
    /// Alphabetic, marks, decimal numbers, connector punctuation, join controls. Alphabetic is L, Nl, some marks (which are in by
    /// themselves) and the circled and squared Latin letters.
    /// </remarks>
    public static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter => true,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => false,
    };

    private static CharacterKind[] Classify()
    {
        var kinds = new CharacterKind[char.MaxValue + 1];
        for (int c = 0; c < kinds.Length; c++)
        {
            kinds[c] = char.IsWhiteSpace((char)c) ? CharacterKind.WhiteSpace : Of(char.GetUnicodeCategory((char)c));
        }

        return kinds;
    }

    private static CharacterKind Of(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterKind.Letter,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterKind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterKind.Number,
        _ => CharacterKind.Other, // white space is in no supplementary plane
    };
}
