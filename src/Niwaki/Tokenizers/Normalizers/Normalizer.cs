namespace Niwaki.Tokenizers.Normalizers;

/// <summary>A step that rewrites a text before it is cut into pieces.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal abstract class Normalizer
{
    /// <summary>Rewrites a text between two added tokens.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <returns>The new text, or the same one where nothing changes.</returns>
    public abstract string Normalize(string text);
}
