namespace Niwaki.Tokenizers.Bpe;

/// <summary>Knows places inside a text at which it can be cut without changing its tokens.</summary>
/// <remarks>
/// <para>
/// No merge reaches across two neighbouring code units that stand side by side in no token: whatever a merge makes is a token, and holds
/// the two side by side. Both halves then merge as if they were alone. SentencePiece vocabularies have hardly a token with a blank
/// inside, so a text without any pre-tokenizer falls into words: short, cacheable, and merged in little memory.
/// </para>
/// <para>Pairs are kept as bits of their hash; a collision only costs a cut.</para>
/// </remarks>
internal sealed class SafeCuts
{
    private const int Bits = 20;

    private readonly BpeModel _model;
    private readonly uint[] _neighbours = new uint[(1 << Bits) / 32];

    private SafeCuts(BpeModel model) => _model = model;

    /// <summary>The cuts of a model; null where its merges do more than concatenate characters.</summary>
    /// <param name="model">A model that takes characters.</param>
    /// <param name="mergesBytes">Whether a byte token or the unknown token is part of a merge.</param>
    public static SafeCuts? Create(BpeModel model, bool mergesBytes)
    {
        // Characters that leave no symbol at all would let their neighbours meet.
        bool dropsCharacters = model.Options.UnknownId is null && !model.CoversAllBytes;
        if (model.Options.TakesBytes || model.Options.PrefersWholePieces || mergesBytes || dropsCharacters)
        {
            return null;
        }

        var cuts = new SafeCuts(model);
        for (int id = 0; id < model.Vocabulary.Size; id++)
        {
            cuts.AddNeighbours(model.Vocabulary.TokenOrNull(id));
        }

        return cuts;
    }

    /// <summary>The first place behind the start at which a text can be cut, its length if there is none.</summary>
    /// <param name="text">Text, not empty.</param>
    public int FindFirst(ReadOnlySpan<char> text)
    {
        int position = 1;
        while (position < text.Length && !IsSafe(text[position - 1], text[position]))
        {
            position++;
        }

        return position;
    }

    private static int Hash(char left, char right) => (int)(((((uint)left << 16) | right) * 0x9E3779B1u) >> (32 - Bits));

    private void AddNeighbours(string? token)
    {
        for (int i = 1; i < token?.Length; i++)
        {
            int bit = Hash(token[i - 1], token[i]);
            _neighbours[bit >> 5] |= 1u << bit;
        }
    }

    private bool IsSafe(char left, char right)
    {
        int bit = Hash(left, right);

        // In front of a known character nothing unknown goes on that would have to share its token.
        return (_neighbours[bit >> 5] & (1u << bit)) == 0 && _model.SymbolOf(right) is int symbol && symbol >= 0 && _model.IsToken(symbol);
    }
}
