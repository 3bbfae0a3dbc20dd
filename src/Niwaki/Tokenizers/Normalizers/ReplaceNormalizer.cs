namespace Niwaki.Tokenizers.Normalizers;

/// <summary>Replaces every occurrence of a string.</summary>
/// <param name="pattern">String to look for, not empty, compared by code units.</param>
/// <param name="content">What it becomes.</param>
internal sealed class ReplaceNormalizer(string pattern, string content) : Normalizer
{
    public override string Normalize(string text) => text.Replace(pattern, content, StringComparison.Ordinal);

    public override string? NormalizeWithin(string text, ref long room)
    {
        long growth = (long)text.AsSpan().Count(pattern.AsSpan()) * (content.Length - pattern.Length);
        room -= Math.Max(0, growth);
        return room < 0 ? null : Normalize(text);
    }
}
