using Niwaki.Numerics;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tests.Tokenizers.Bpe;

public sealed class MergeQueueTests
{
    [Fact]
    public void Merge_SmallestRankFirst_ThenLeftmost()
    {
        // Ids: a 0, b 1, c 2. b+c (rank 0) comes before a+b (rank 1): a bc, not ab c.
        var merges = new MergeTable();
        merges.TryAdd(1, 2, 0, 3);
        merges.TryAdd(0, 1, 1, 4);
        Assert.Equal([0, 3], Run(merges, [0, 1, 2]));
        Assert.Equal([4, 0, 3], Run(merges, [0, 1, 0, 1, 2]));
    }

    [Fact]
    public void Merge_OverlappingPairs_LeftmostWins()
    {
        // x+x = 1: five x give (xx)(xx)x.
        var merges = new MergeTable();
        merges.TryAdd(0, 0, 0, 1);
        Assert.Equal([1, 1, 0], Run(merges, [0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Merge_RandomMergesAndLengths_QueueAndShortMergeEqualTheDefinition()
    {
        var random = new SeededRandom(3);
        for (int round = 0; round < 400; round++)
        {
            MergeTable merges = RandomMerges(random, ties: round % 2 == 0);
            int[] symbols = [.. Enumerable.Range(0, 1 + random.NextInt(ShortMerge.MaxLength)).Select(_ => random.NextInt(4))];
            int[] expected = ByDefinition(merges, symbols);
            Assert.Equal(expected, Run(merges, symbols));
            int[] copy = [.. symbols];
            Assert.Equal(expected, copy[..ShortMerge.Merge(merges, copy)]);
        }
    }

    [Fact]
    public void Merge_LongSequenceOfOneSymbol_IsQuick()
    {
        // Doubling merges: 2^20 equal symbols become one in 20 levels.
        var merges = new MergeTable();
        for (int level = 0; level < 20; level++)
        {
            merges.TryAdd(level, level, level, level + 1);
        }

        Assert.Equal([20], Run(merges, new int[1 << 20]));
    }

    private static int[] Run(MergeTable merges, int[] symbols)
    {
        int[] copy = [.. symbols];
        return copy[..new MergeQueue().Merge(merges, copy)];
    }

    /// <summary>Any two of the first four symbols, and some of what they make, may merge.</summary>
    private static MergeTable RandomMerges(SeededRandom random, bool ties)
    {
        var merges = new MergeTable();
        int next = 4;
        for (int i = 0; i < 30; i++)
        {
            int rank = ties ? random.NextInt(6) : i;
            if (merges.TryAdd(random.NextInt(next), random.NextInt(next), rank, next))
            {
                next++;
            }
        }

        return merges;
    }

    private static int[] ByDefinition(MergeTable merges, int[] symbols)
    {
        List<int> list = [.. symbols];
        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < list.Count; i++)
            {
                int rank = merges.RankOf(list[i], list[i + 1]);
                if (rank != int.MaxValue && (best < 0 || rank < merges.RankOf(list[best], list[best + 1])))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return [.. list];
            }

            list[best] = merges.ResultOf(list[best], list[best + 1]);
            list.RemoveAt(best + 1);
        }
    }
}
