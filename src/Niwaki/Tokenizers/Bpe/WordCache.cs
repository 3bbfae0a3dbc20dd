using System.Runtime.InteropServices;

namespace Niwaki.Tokenizers.Bpe;

/// <summary>Remembers the ids of short words that were met before; of bounded size.</summary>
/// <remarks>
/// Direct mapped: each word has one slot, and a new word drops the one that was there. So neither a lookup nor an insertion ever takes
/// more than one comparison, whatever the words are. 1.5 MiB. Not thread safe.
/// </remarks>
internal sealed class WordCache
{
    /// <summary>Longest word kept, in code units.</summary>
    public const int MaxWordLength = 24;

    /// <summary>Most ids kept for a word.</summary>
    public const int MaxIds = 8;

    private const int SlotBits = 14; // 16,384 slots: a novel has about 15,000 different words
    private const int Slots = 1 << SlotBits;

    private readonly char[] _words = new char[Slots * MaxWordLength];
    private readonly int[] _ids = new int[Slots * MaxIds];
    private readonly byte[] _wordLengths = new byte[Slots]; // 0 marks an empty slot
    private readonly byte[] _idCounts = new byte[Slots];

    /// <summary>Looks for a word.</summary>
    /// <param name="word">1 to <see cref="MaxWordLength"/> code units.</param>
    /// <param name="ids">Its ids, valid until the next insertion.</param>
    /// <returns>Whether the word is there.</returns>
    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        int slot = SlotOf(word);
        if (_wordLengths[slot] != word.Length || !_words.AsSpan(slot * MaxWordLength, word.Length).SequenceEqual(word))
        {
            ids = default;
            return false;
        }

        ids = _ids.AsSpan(slot * MaxIds, _idCounts[slot]);
        return true;
    }

    /// <summary>Keeps a word.</summary>
    /// <param name="word">1 to <see cref="MaxWordLength"/> code units.</param>
    /// <param name="ids">At most <see cref="MaxIds"/> ids.</param>
    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        int slot = SlotOf(word);
        word.CopyTo(_words.AsSpan(slot * MaxWordLength));
        ids.CopyTo(_ids.AsSpan(slot * MaxIds));
        _wordLengths[slot] = (byte)word.Length;
        _idCounts[slot] = (byte)ids.Length;
    }

    private static int SlotOf(ReadOnlySpan<char> word)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15UL; // 2^64 divided by the golden ratio
        ulong hash = (ulong)word.Length;
        while (word.Length >= 4)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(word))) * Multiplier;
            hash ^= hash >> 29;
            word = word[4..];
        }

        foreach (char c in word)
        {
            hash = (hash ^ c) * Multiplier;
        }

        return (int)(((hash ^ (hash >> 32)) * Multiplier) >> (64 - SlotBits));
    }
}
