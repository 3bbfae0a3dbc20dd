namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>A step that cuts a text into the pieces across which no merge happens.</summary>
/// <remarks>Immutable and thread safe. Pieces are handed on as they are found, so that a text of any size needs no list of them.</remarks>
internal abstract class PreTokenizer
{
    /// <summary>Cuts one text.</summary>
    /// <param name="text">Well-formed UTF-16, not empty.</param>
    /// <param name="startsText">Whether <paramref name="text"/> begins where the whole text begins.</param>
    /// <param name="next">Receives the pieces that are not empty.</param>
    public abstract void Split(ReadOnlySpan<char> text, bool startsText, PieceSink next);
}
