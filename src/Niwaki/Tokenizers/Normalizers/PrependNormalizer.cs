namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Puts a string in front of a text that is not empty.</summary>
/// <param name="prefix">The string.</param>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}
