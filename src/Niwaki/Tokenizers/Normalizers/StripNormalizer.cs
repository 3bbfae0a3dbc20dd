namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Takes white space off the ends of a text.</summary>
/// <param name="left">Whether at the beginning.</param>
/// <param name="right">Whether at the end.</param>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Normalize(string text) => (left, right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}
