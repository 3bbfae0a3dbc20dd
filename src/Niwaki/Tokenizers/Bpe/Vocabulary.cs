namespace Niwaki.Tokenizers.Bpe;

/// <summary>The tokens of a model by id, and their ids by content.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private string?[] _tokens;

    /// <summary>An empty vocabulary.</summary>
    /// <param name="capacity">Tokens to make room for.</param>
    public Vocabulary(int capacity)
    {
        _ids = new Dictionary<string, int>(capacity, StringComparer.Ordinal);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = new string?[capacity];
    }

    /// <summary>The largest id and 1.</summary>
    public int Size { get; private set; }

    /// <summary>Adds a token unless its id or its content is taken.</summary>
    /// <param name="token">Content.</param>
    /// <param name="id">Id, not negative; the caller has checked that it is of reasonable size, for memory grows with the largest.</param>
    /// <returns>Whether it was added.</returns>
    public bool TryAdd(string token, int id)
    {
        if (TokenOrNull(id) is not null || !_ids.TryAdd(token, id))
        {
            return false;
        }

        if (id >= _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Max(id + 1, _tokens.Length * 2));
        }

        _tokens[id] = token;
        Size = Math.Max(Size, id + 1);
        return true;
    }

    /// <summary>The content of a token, null where the id names none.</summary>
    public string? TokenOrNull(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>The id of a token.</summary>
    public bool TryGetId(ReadOnlySpan<char> token, out int id) => _idsBySpan.TryGetValue(token, out id);
}
