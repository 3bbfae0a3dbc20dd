namespace Niwaki.Tokenizers.PreTokenizers;

/// <summary>Finds the places at which a text is cut.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal abstract class TextPattern
{
    /// <summary>Reports every match to <paramref name="pieces"/>, from left to right, without overlap.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="pieces">Takes the matches.</param>
    public abstract void FindMatches(ReadOnlySpan<char> text, ref PieceJoiner pieces);
}
