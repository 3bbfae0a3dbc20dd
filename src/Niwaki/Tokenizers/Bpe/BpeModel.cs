using System.Text;

namespace Niwaki.Tokenizers.Bpe;

/// <summary>A byte-pair encoding: first symbols of characters or bytes, and the merges that make tokens of them.</summary>
/// <remarks>
/// Sennrich et al. (2016), with the additions of SentencePiece (characters that no token covers become their bytes, or an unknown
/// token). Symbols from the size of the vocabulary on are characters that occur inside tokens only; a text in which one is left over
/// gets its bytes or the unknown token. Immutable after loading and thread safe.
/// </remarks>
internal sealed class BpeModel
{
    private readonly int[] _byteTokens;
    private readonly int[] _firstSymbols;
    private readonly Dictionary<int, int> _supplementarySymbols;
    private readonly Rune[] _innerCharacters;

    /// <summary>Prepares a model.</summary>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="merges">Merges.</param>
    /// <param name="options">How characters become symbols.</param>
    /// <param name="innerCharacters">Characters with the symbols Size, Size + 1, …; none unless the merges use them.</param>
    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options, IReadOnlyList<Rune>? innerCharacters = null)
    {
        Vocabulary = vocabulary;
        Merges = merges;
        Options = options;
        _innerCharacters = [.. innerCharacters ?? []];
        _byteTokens = FindByteTokens(vocabulary, options);
        _supplementarySymbols = [];
        _firstSymbols = new int[options.TakesBytes ? 0 : char.MaxValue + 1];
        Array.Fill(_firstSymbols, -1);
        if (!options.TakesBytes)
        {
            MapCharacters();
        }
    }

    /// <summary>Tokens.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Merges.</summary>
    public MergeTable Merges { get; }

    /// <summary>How characters become symbols.</summary>
    public BpeOptions Options { get; }

    /// <summary>Whether every character without a token becomes byte tokens.</summary>
    public bool CoversAllBytes => Options.FallsBackToBytes && !_byteTokens.Contains(-1);

    /// <summary>Whether a symbol is a token, not a character inside tokens.</summary>
    public bool IsToken(int symbol) => symbol < Vocabulary.Size;

    /// <summary>The token of a byte, -1 where the vocabulary has none.</summary>
    public int TokenOfByte(byte value) => _byteTokens[value];

    /// <summary>The symbol of a character of the basic plane, -1 where no token holds it.</summary>
    public int SymbolOf(char c) => _firstSymbols[c];

    /// <summary>The symbol of a character, -1 where no token holds it.</summary>
    public int SymbolOf(Rune rune) => rune.IsBmp ? _firstSymbols[rune.Value] : _supplementarySymbols.GetValueOrDefault(rune.Value, -1);

    /// <summary>Writes the tokens of a character's bytes.</summary>
    /// <param name="rune">Character.</param>
    /// <param name="tokens">Room for 4 tokens.</param>
    /// <returns>Tokens written, 0 unless there is one for every byte.</returns>
    public int WriteByteTokens(Rune rune, Span<int> tokens)
    {
        if (!Options.FallsBackToBytes)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[4];
        int count = rune.EncodeToUtf8(bytes);
        for (int i = 0; i < count; i++)
        {
            tokens[i] = _byteTokens[bytes[i]];
            if (tokens[i] < 0)
            {
                return 0;
            }
        }

        return count;
    }

    /// <summary>The character of a symbol that is no token.</summary>
    public Rune InnerCharacter(int symbol) => _innerCharacters[symbol - Vocabulary.Size];

    private static int[] FindByteTokens(Vocabulary vocabulary, BpeOptions options)
    {
        var tokens = new int[256];
        for (int value = 0; value < 256; value++)
        {
            string token = options.TakesBytes ? PreTokenizers.ByteAlphabet.ToCharacter((byte)value).ToString() : ByteToken.Write((byte)value);
            tokens[value] = vocabulary.TryGetId(token, out int id) ? id : -1;
        }

        return tokens;
    }

    private void MapCharacters()
    {
        for (int id = 0; id < Vocabulary.Size; id++)
        {
            string? token = Vocabulary.TokenOrNull(id);
            if (token is { Length: 1 or 2 } && Rune.TryGetRuneAt(token, 0, out Rune rune) && rune.Utf16SequenceLength == token.Length)
            {
                MapCharacter(rune, id);
            }
        }

        for (int i = 0; i < _innerCharacters.Length; i++)
        {
            MapCharacter(_innerCharacters[i], Vocabulary.Size + i);
        }
    }

    private void MapCharacter(Rune rune, int symbol)
    {
        if (rune.IsBmp)
        {
            _firstSymbols[rune.Value] = symbol;
        }
        else
        {
            _supplementarySymbols[rune.Value] = symbol;
        }
    }
}
