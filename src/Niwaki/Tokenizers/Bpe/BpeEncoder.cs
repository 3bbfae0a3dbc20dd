using System.Buffers;
using System.Text;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tokenizers.Bpe;

/// <summary>Turns pieces of a text into token ids; holds the buffers and the cache of one call.</summary>
/// <remarks>Not thread safe: every call of a tokenizer takes one for itself.</remarks>
internal sealed class BpeEncoder : PieceSink
{
    // Symbol buffers larger than this are not kept for the next text: 64 Ki symbols, 256 KiB.
    private const int KeptSymbols = 1 << 16;

    private readonly BpeModel _model;
    private readonly SafeCuts? _cuts;
    private readonly WordCache _cache = new();
    private readonly MergeQueue _queue = new();
    private int[] _symbols = new int[256];
    private int _symbolCount;

    /// <summary>Makes an encoder.</summary>
    /// <param name="model">Model.</param>
    /// <param name="cuts">Where pieces may be cut further without changing the tokens; null: nowhere.</param>
    public BpeEncoder(BpeModel model, SafeCuts? cuts)
    {
        _model = model;
        _cuts = cuts;
    }

    /// <summary>The ids so far.</summary>
    public IdList Output { get; } = new();

    public override void Take(ReadOnlySpan<char> piece, bool startsText)
    {
        if (_cuts is null)
        {
            EncodeWord(piece);
            return;
        }

        while (!piece.IsEmpty)
        {
            int cut = _cuts.FindFirst(piece);
            EncodeWord(piece[..cut]);
            piece = piece[cut..];
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word)
    {
        if (word.Length <= WordCache.MaxWordLength)
        {
            if (_cache.TryGet(word, out ReadOnlySpan<int> known))
            {
                Output.Add(known);
                return;
            }

            int before = Output.Count;
            EncodeUncached(word);
            if (Output.Count - before <= WordCache.MaxIds)
            {
                _cache.Add(word, Output.Ids[before..]);
            }
        }
        else
        {
            EncodeUncached(word);
        }
    }

    private void EncodeUncached(ReadOnlySpan<char> word)
    {
        if (_model.Options.PrefersWholePieces && TryFindWhole(word, out int id))
        {
            Output.Add(id);
            return;
        }

        _symbolCount = 0;
        if (_model.Options.TakesBytes)
        {
            AddBytes(word);
        }
        else
        {
            AddCharacters(word);
        }

        if (_symbolCount > 0)
        {
            Span<int> symbols = _symbols.AsSpan(0, _symbolCount);
            int count = _symbolCount <= ShortMerge.MaxLength ? ShortMerge.Merge(_model.Merges, symbols) : _queue.Merge(_model.Merges, symbols);
            AddTokens(symbols[..count]);
        }

        if (_symbols.Length > KeptSymbols)
        {
            _symbols = new int[256];
        }
    }

    private bool TryFindWhole(ReadOnlySpan<char> word, out int id)
    {
        if (!_model.Options.TakesBytes)
        {
            return _model.Vocabulary.TryGetId(word, out id);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        int count = Encoding.UTF8.GetBytes(word, bytes);
        char[] token = ArrayPool<char>.Shared.Rent(count);
        for (int i = 0; i < count; i++)
        {
            token[i] = ByteAlphabet.ToCharacter(bytes[i]);
        }

        bool found = _model.Vocabulary.TryGetId(token.AsSpan(0, count), out id);
        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<char>.Shared.Return(token);
        return found;
    }

    private void AddBytes(ReadOnlySpan<char> word)
    {
        Span<byte> bytes = stackalloc byte[512];
        Reserve(Encoding.UTF8.GetByteCount(word));
        while (!word.IsEmpty)
        {
            _ = System.Text.Unicode.Utf8.FromUtf16(word, bytes, out int read, out int written);
            foreach (byte value in bytes[..written])
            {
                int token = _model.TokenOfByte(value);
                if (token >= 0)
                {
                    _symbols[_symbolCount++] = token;
                }
                else if (_model.Options.UnknownId is int unknown)
                {
                    _symbols[_symbolCount++] = unknown;
                }
            }

            word = word[read..];
        }
    }

    private void AddCharacters(ReadOnlySpan<char> word)
    {
        Span<int> bytes = stackalloc int[4];
        Reserve(word.Length);
        foreach (Rune rune in word.EnumerateRunes())
        {
            Reserve(bytes.Length);
            int symbol = _model.SymbolOf(rune);
            if (symbol >= 0)
            {
                _symbols[_symbolCount++] = symbol;
                continue;
            }

            int count = _model.WriteByteTokens(rune, bytes);
            bytes[..count].CopyTo(_symbols.AsSpan(_symbolCount));
            _symbolCount += count;
            if (count == 0 && _model.Options.UnknownId is int unknown)
            {
                _symbols[_symbolCount++] = unknown;
            }
        }
    }

    private void AddTokens(ReadOnlySpan<int> symbols)
    {
        int previousUnknown = -1; // place in the output behind the last unknown token
        Span<int> bytes = stackalloc int[4];
        foreach (int symbol in symbols)
        {
            int id = symbol;
            if (!_model.IsToken(symbol))
            {
                int count = _model.WriteByteTokens(_model.InnerCharacter(symbol), bytes);
                Output.Add(bytes[..count]);
                if (count > 0 || _model.Options.UnknownId is null)
                {
                    continue;
                }

                id = _model.Options.UnknownId.Value;
            }

            bool isUnknown = id == _model.Options.UnknownId;
            if (isUnknown && _model.Options.FusesUnknown && previousUnknown == Output.Count)
            {
                continue;
            }

            Output.Add(id);
            previousUnknown = isUnknown ? Output.Count : -1;
        }
    }

    private void Reserve(int count)
    {
        if (count > _symbols.Length - _symbolCount)
        {
            int needed = checked(_symbolCount + count);
            Array.Resize(ref _symbols, (int)Math.Min(Array.MaxLength, Math.Max(needed, (long)_symbols.Length * 3 / 2)));
        }
    }
}
