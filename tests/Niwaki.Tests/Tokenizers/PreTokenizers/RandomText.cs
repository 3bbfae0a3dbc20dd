using Niwaki.Numerics;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

/// <summary>Texts that hit the borders between the classes of characters.</summary>
internal static class RandomText
{
    private static readonly string[] Fragments =
    [
        "a", "The", "don't", "I'LL", "'s", "'S", "'re", "'Ve", "''", "'", "'ſ", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", " \n", "\u00A0", "\u2003", "\u0085",
        "\u2028", "\u200B", "1", "12", "1234", "½", "²", "Ⅷ", "١٢٣", "𝟙𝟚𝟛𝟜", "𐒠𐒡", "𝐀𝐁", "𝒳y", "🦙", "👩‍👩‍👧", "日本語", "é", "e\u0301", "\u0301", "ſ", "K", "Ж",
        "!", "...", "—", "\"", "_", "$", "<|", "▁", "Ⓐ", "🅰", "\u200D", "\uFFFD", "\u0000",
    ];

    /// <summary>A text of up to 12 fragments.</summary>
    public static string Next(SeededRandom random) =>
        string.Concat(Enumerable.Range(0, random.NextInt(13)).Select(_ => Fragments[random.NextInt(Fragments.Length)]));
}
