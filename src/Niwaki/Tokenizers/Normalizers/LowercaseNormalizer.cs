namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Lower case, character by character, without regard to the language.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    // The only character whose lower case is two characters in Unicode (SpecialCasing.txt, unconditional mappings).
    private const string CapitalIWithDot = "\u0130";

    public override string Normalize(string text) =>
        text.Replace(CapitalIWithDot, "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
}
