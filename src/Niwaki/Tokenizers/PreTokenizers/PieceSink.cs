namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Takes the pieces of a text one after another, in order.</summary>
internal abstract class PieceSink
{
    /// <summary>Takes one piece.</summary>
    /// <param name="piece">Well-formed UTF-16, not empty; valid during the call only.</param>
    /// <param name="startsText">Whether the piece begins where the whole text begins.</param>
    public abstract void Take(ReadOnlySpan<char> piece, bool startsText);
}
