using System.Text;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tokenizers.SentencePiece;

/// <summary>The merges that a SentencePiece vocabulary implies.</summary>
/// <remarks>
/// SentencePiece merges any two neighbours whose concatenation is a piece, the one of the largest score first, the leftmost of equals
/// (<c>bpe_model.cc</c>). A half is a piece itself, or a single character; a character that occurs inside pieces only gets a symbol
/// behind the last id.
/// </remarks>
internal sealed class PieceMerges
{
    private readonly int _pieceCount;
    private readonly Dictionary<string, int> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _symbolsBySpan;
    private readonly List<Rune> _innerCharacters = [];

    /// <summary>Works the merges out.</summary>
    /// <param name="pieces">Pieces by id, of different texts.</param>
    public PieceMerges(IReadOnlyList<Piece> pieces)
    {
        _pieceCount = pieces.Count;
        _symbolsBySpan = _symbols.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int id = 0; id < pieces.Count; id++)
        {
            if (pieces[id].Type == PieceType.Normal)
            {
                _symbols.Add(pieces[id].Text, id);
            }
        }

        float[] scores = [.. pieces.Select(piece => piece.Score).Distinct().OrderDescending()];
        var ranks = new Dictionary<float, int>();
        for (int rank = 0; rank < scores.Length; rank++)
        {
            ranks.Add(scores[rank], rank);
        }

        for (int id = 0; id < pieces.Count; id++)
        {
            if (pieces[id].Type == PieceType.Normal)
            {
                AddMerges(pieces[id].Text, id, ranks[pieces[id].Score]);
            }
        }
    }

    /// <summary>The merges.</summary>
    public MergeTable Table { get; } = new();

    /// <summary>Characters that are no pieces, by symbol from the size of the vocabulary on.</summary>
    public IReadOnlyList<Rune> InnerCharacters => _innerCharacters;

    private void AddMerges(string piece, int id, int rank)
    {
        for (int cut = 1; cut < piece.Length; cut++)
        {
            if (char.IsLowSurrogate(piece[cut]))
            {
                continue;
            }

            int left = FindSymbol(piece.AsSpan(0, cut));
            int right = FindSymbol(piece.AsSpan(cut));
            if (left >= 0 && right >= 0)
            {
                Table.TryAdd(left, right, rank, id);
            }
        }
    }

    /// <summary>The symbol of a half, -1 where no merge can make it.</summary>
    private int FindSymbol(ReadOnlySpan<char> half)
    {
        if (_symbolsBySpan.TryGetValue(half, out int symbol))
        {
            return symbol;
        }

        bool isCharacter = Rune.DecodeFromUtf16(half, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == half.Length;
        if (!isCharacter)
        {
            return -1;
        }

        symbol = _pieceCount + _innerCharacters.Count;
        _innerCharacters.Add(rune);
        _symbols.Add(half.ToString(), symbol);
        return symbol;
    }
}
