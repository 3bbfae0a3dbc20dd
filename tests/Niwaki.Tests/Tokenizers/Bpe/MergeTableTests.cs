using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tests.Tokenizers.Bpe;

public sealed class MergeTableTests
{
    [Fact]
    public void TryAdd_ManyPairs_AllAreFound()
    {
        var merges = new MergeTable();
        for (int i = 0; i < 3000; i++)
        {
            Assert.True(merges.TryAdd(i, i * 7, i, i + 1));
        }

        Assert.Equal(3000, merges.Count);
        for (int i = 0; i < 3000; i++)
        {
            Assert.Equal(i, merges.RankOf(i, i * 7));
            Assert.Equal(i + 1, merges.ResultOf(i, i * 7));
        }

        Assert.Equal(int.MaxValue, merges.RankOf(7, 1));
    }

    [Fact]
    public void TryAdd_PairTwice_KeepsTheFirst()
    {
        var merges = new MergeTable();
        Assert.True(merges.TryAdd(1, 2, 0, 3));
        Assert.False(merges.TryAdd(1, 2, 5, 4));
        Assert.Equal(0, merges.RankOf(1, 2));
        Assert.Equal(3, merges.ResultOf(1, 2));
    }
}
