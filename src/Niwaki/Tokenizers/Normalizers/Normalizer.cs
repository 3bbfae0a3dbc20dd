namespace Niwaki.Tokenizers.Normalizers;

/// <summary>A step that rewrites a text before it is cut into pieces.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal abstract class Normalizer
{
    /// <summary>Rewrites a text between two added tokens.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <returns>The new text, or the same one where nothing changes.</returns>
    public abstract string Normalize(string text);

    /// <summary>Rewrites a text that may grow by a limited length, all steps together.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="room">Code units by which texts may still grow; less by those that this one took, below 0 where it was refused.</param>
    /// <returns>The new text; null where it grows by more.</returns>
    public virtual string? NormalizeWithin(string text, ref long room)
    {
        // Enough for steps that make a text at most some times as long; others look before they write.
        string made = Normalize(text);
        room -= Math.Max(0, made.Length - text.Length);
        return room < 0 ? null : made;
    }
}
