namespace Niwaki.Tokenizers.Bpe;

/// <summary>Which pairs of neighbouring symbols merge, how early, and into what.</summary>
/// <remarks>A hash table with open addressing, 16 bytes a slot, at most half full.</remarks>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;

    private Slot[] _slots = NewSlots(16);
    private int _mask = 15;

    /// <summary>Merges in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Makes room, so that merges can be added without moving.</summary>
    /// <param name="count">Merges, at most 2^28.</param>
    public void Reserve(int count)
    {
        if (count > _slots.Length / 2)
        {
            Resize((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count * 2));
        }
    }

    /// <summary>Adds a merge unless the pair has one.</summary>
    /// <param name="left">Left symbol, not negative.</param>
    /// <param name="right">Right symbol, not negative.</param>
    /// <param name="rank">Merges of a smaller rank come first, those of equal rank from left to right.</param>
    /// <param name="result">Symbol that the pair becomes.</param>
    /// <returns>Whether it was added.</returns>
    public bool TryAdd(int left, int right, int rank, int result)
    {
        Reserve(Count + 1);
        ulong key = Key(left, right);
        int index = Find(key);
        if (_slots[index].Key == key)
        {
            return false;
        }

        _slots[index] = new Slot(key, rank, result);
        Count++;
        return true;
    }

    /// <summary>The rank of a pair, <see cref="int.MaxValue"/> where it does not merge.</summary>
    public int RankOf(int left, int right)
    {
        ulong key = Key(left, right);
        ref readonly Slot slot = ref _slots[Find(key)];
        return slot.Key == key ? slot.Rank : int.MaxValue;
    }

    /// <summary>The symbol that a pair becomes; the pair must have a merge.</summary>
    public int ResultOf(int left, int right) => _slots[Find(Key(left, right))].Result;

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static Slot[] NewSlots(int count)
    {
        var slots = new Slot[count];
        Array.Fill(slots, new Slot(Empty, 0, 0));
        return slots;
    }

    /// <summary>The slot of a key, or the empty one where it would go.</summary>
    private int Find(ulong key)
    {
        // Fibonacci hashing: the high half of the product depends on all bits of both ids.
        int index = (int)((key * 0x9E3779B97F4A7C15UL) >> 32) & _mask;
        Slot[] slots = _slots;
        while (slots[index].Key != key && slots[index].Key != Empty)
        {
            index = (index + 1) & _mask;
        }

        return index;
    }

    private void Resize(int size)
    {
        Slot[] old = _slots;
        _slots = NewSlots(size);
        _mask = size - 1;
        foreach (Slot slot in old)
        {
            if (slot.Key != Empty)
            {
                _slots[Find(slot.Key)] = slot;
            }
        }
    }

    private readonly record struct Slot(ulong Key, int Rank, int Result);
}
