namespace Niwaki.Tokenizers.Bpe;

/// <summary>Merges a long sequence of symbols with a priority queue, O(n log n).</summary>
/// <remarks>
/// <para>
/// The sequence lies in place: a symbol that covers positions [start, end] keeps its id at start, and a link to the other end at each of
/// both, so that the neighbours on either side are found without pointers: 8 bytes a position. The queue is a binary heap of
/// (rank, position) packed into 64 bits; an entry whose pair has meanwhile become another is dropped when it comes up.
/// </para>
/// <para>Not thread safe.</para>
/// </remarks>
internal sealed class MergeQueue
{
    // Buffers that grew larger than this are not kept for the next text.
    private const int KeptCapacity = 1 << 16;

    private int[] _links = [];
    private ulong[] _heap = [];
    private int _heapCount;

    /// <summary>Merges until no pair of neighbours has a merge: always the pair of the smallest rank, the leftmost of equals.</summary>
    /// <param name="merges">Merges.</param>
    /// <param name="symbols">Symbols; the result lies at the beginning.</param>
    /// <returns>Symbols of the result.</returns>
    public int Merge(MergeTable merges, Span<int> symbols)
    {
        Prepare(merges, symbols);
        while (_heapCount > 0)
        {
            ulong top = Pop();
            int left = (int)(uint)top;
            int right = symbols[left] >= 0 ? _links[left] + 1 : symbols.Length;
            if (right >= symbols.Length || merges.RankOf(symbols[left], symbols[right]) != (int)(top >> 32))
            {
                continue;
            }

            int end = _links[right];
            symbols[left] = merges.ResultOf(symbols[left], symbols[right]);
            symbols[right] = -1;
            _links[left] = end;
            _links[end] = left;
            if (left > 0)
            {
                int before = _links[left - 1];
                Push(merges.RankOf(symbols[before], symbols[left]), before);
            }

            if (end + 1 < symbols.Length)
            {
                Push(merges.RankOf(symbols[left], symbols[end + 1]), left);
            }
        }

        return Compact(symbols);
    }

    private void Prepare(MergeTable merges, ReadOnlySpan<int> symbols)
    {
        if (_links.Length < symbols.Length)
        {
            _links = new int[symbols.Length];
            _heap = new ulong[symbols.Length];
        }

        _heapCount = 0;
        _links[symbols.Length - 1] = symbols.Length - 1;
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            _links[i] = i;
            int rank = merges.RankOf(symbols[i], symbols[i + 1]);
            if (rank != int.MaxValue)
            {
                _heap[_heapCount++] = Entry(rank, i);
            }
        }

        for (int i = (_heapCount / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    private int Compact(Span<int> symbols)
    {
        int count = 0;
        for (int start = 0; start < symbols.Length; start = _links[start] + 1)
        {
            symbols[count++] = symbols[start];
        }

        if (_links.Length > KeptCapacity)
        {
            _links = [];
            _heap = [];
        }

        return count;
    }

    private static ulong Entry(int rank, int position) => ((ulong)(uint)rank << 32) | (uint)position;

    private void Push(int rank, int position)
    {
        if (rank == int.MaxValue)
        {
            return;
        }

        if (_heapCount == _heap.Length)
        {
            Array.Resize(ref _heap, Math.Max(16, checked(_heap.Length + (_heap.Length / 2))));
        }

        ulong entry = Entry(rank, position);
        int index = _heapCount++;
        while (index > 0 && _heap[(index - 1) / 2] > entry)
        {
            _heap[index] = _heap[(index - 1) / 2];
            index = (index - 1) / 2;
        }

        _heap[index] = entry;
    }

    private ulong Pop()
    {
        ulong top = _heap[0];
        _heap[0] = _heap[--_heapCount];
        SiftDown(0);
        return top;
    }

    private void SiftDown(int index)
    {
        ulong entry = _heap[index];
        while (true)
        {
            int child = (2 * index) + 1;
            if (child >= _heapCount)
            {
                break;
            }

            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child])
            {
                child++;
            }

            if (_heap[child] >= entry)
            {
                break;
            }

            _heap[index] = _heap[child];
            index = child;
        }

        _heap[index] = entry;
    }
}
