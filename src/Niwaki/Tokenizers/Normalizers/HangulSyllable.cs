namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Syllables of Hangul, which compose from letters by a formula (Unicode, section 3.12).</summary>
internal static class HangulSyllable
{
    private const int FirstSyllable = 0xAC00;
    private const int FirstLeading = 0x1100;
    private const int FirstVowel = 0x1161;
    private const int BeforeTrailing = 0x11A7; // no trailing consonant
    private const int Leadings = 19;
    private const int Vowels = 21;
    private const int Trailings = 28;
    private const int Syllables = Leadings * Vowels * Trailings;

    /// <summary>Whether a character is a syllable.</summary>
    public static bool IsSyllable(int code) => code is >= FirstSyllable and < FirstSyllable + Syllables;

    /// <summary>Whether a character is a vowel or a trailing consonant that composes with what is before.</summary>
    public static bool IsSecond(int code) =>
        code is (>= FirstVowel and < FirstVowel + Vowels) or (> BeforeTrailing and < BeforeTrailing + Trailings);

    /// <summary>Appends the two or three letters of a syllable.</summary>
    public static void Decompose(int syllable, List<int> target)
    {
        int index = syllable - FirstSyllable;
        target.Add(FirstLeading + (index / (Vowels * Trailings)));
        target.Add(FirstVowel + (index / Trailings % Vowels));
        if (index % Trailings != 0)
        {
            target.Add(BeforeTrailing + (index % Trailings));
        }
    }

    /// <summary>Composes two letters, or a syllable without a trailing consonant and one.</summary>
    public static bool TryCompose(int first, int second, out int syllable)
    {
        if (first is >= FirstLeading and < FirstLeading + Leadings && second is >= FirstVowel and < FirstVowel + Vowels)
        {
            syllable = FirstSyllable + ((((first - FirstLeading) * Vowels) + second - FirstVowel) * Trailings);
            return true;
        }

        syllable = first + second - BeforeTrailing;
        return IsSyllable(first) && (first - FirstSyllable) % Trailings == 0 && second is > BeforeTrailing and < BeforeTrailing + Trailings;
    }
}
