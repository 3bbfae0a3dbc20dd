using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

/// <summary>Collects pieces for a test.</summary>
internal sealed class PieceList : PieceSink
{
    private readonly List<string> _pieces = [];

    /// <summary>The pieces of a text with <c>|</c> between them.</summary>
    public static string Cut(PreTokenizer step, string text, bool startsText = true)
    {
        var list = new PieceList();
        if (text.Length > 0)
        {
            step.Split(text, startsText, list);
        }

        return string.Join('|', list._pieces);
    }

    /// <summary>The pieces of a text cut by a pattern, matches isolated.</summary>
    public static string Cut(TextPattern pattern, string text) => Cut(new SplitPreTokenizer(pattern, SplitBehaviour.Isolated), text);

    public override void Take(ReadOnlySpan<char> piece, bool startsText) => _pieces.Add(piece.ToString());
}
