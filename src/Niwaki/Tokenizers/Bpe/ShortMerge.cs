namespace Niwaki.Tokenizers.Bpe;

/// <summary>Merges a short sequence of symbols by looking for the best pair again and again, O(n²) with a very small constant.</summary>
internal static class ShortMerge
{
    /// <summary>Longest sequence for which this beats <see cref="MergeQueue"/>; nearly all words are shorter.</summary>
    public const int MaxLength = 48;

    /// <summary>Merges until no pair of neighbours has a merge: always the pair of the smallest rank, the leftmost of equals.</summary>
    /// <param name="merges">Merges.</param>
    /// <param name="symbols">1 to <see cref="MaxLength"/> symbols; the result lies at the beginning.</param>
    /// <returns>Symbols of the result.</returns>
    public static int Merge(MergeTable merges, Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[MaxLength]; // rank of the pair that begins at each symbol
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.RankOf(symbols[i], symbols[i + 1]);
        }

        while (count > 1)
        {
            int best = IndexOfSmallest(ranks[..(count - 1)]);
            if (ranks[best] == int.MaxValue)
            {
                break;
            }

            symbols[best] = merges.ResultOf(symbols[best], symbols[best + 1]);
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            count--;
            if (best > 0)
            {
                ranks[best - 1] = merges.RankOf(symbols[best - 1], symbols[best]);
            }

            if (best + 1 < count)
            {
                ranks[best] = merges.RankOf(symbols[best], symbols[best + 1]);
            }
        }

        return count;
    }

    private static int IndexOfSmallest(ReadOnlySpan<int> ranks)
    {
        int best = 0;
        for (int i = 1; i < ranks.Length; i++)
        {
            if (ranks[i] < ranks[best])
            {
                best = i;
            }
        }

        return best;
    }
}
