namespace Niwaki.Tokenizers.Bpe;

/// <summary>A growing list of token ids.</summary>
internal sealed class IdList
{
    // A list that grew larger than this is not kept for the next text: 1 Mi ids, 4 MiB.
    private const int KeptCapacity = 1 << 20;

    private int[] _ids = new int[256];

    /// <summary>Ids in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The ids, valid until the next change.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Appends one id.</summary>
    public void Add(int id)
    {
        if (Count == _ids.Length)
        {
            Grow(Count + 1);
        }

        _ids[Count++] = id;
    }

    /// <summary>Appends ids.</summary>
    public void Add(ReadOnlySpan<int> ids)
    {
        if (ids.Length > _ids.Length - Count)
        {
            Grow(checked(Count + ids.Length));
        }

        ids.CopyTo(_ids.AsSpan(Count));
        Count += ids.Length;
    }

    /// <summary>Empties the list and gives back the memory of a large one.</summary>
    public void Clear()
    {
        Count = 0;
        if (_ids.Length > KeptCapacity)
        {
            _ids = new int[256];
        }
    }

    private void Grow(int needed) =>
        Array.Resize(ref _ids, (int)Math.Min(Array.MaxLength, Math.Max(needed, (long)_ids.Length * 3 / 2)));
}
