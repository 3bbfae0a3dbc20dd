using Niwaki.Numerics;
using Niwaki.Tokenizers.Bpe;

namespace Niwaki.Tests.Tokenizers.Bpe;

public sealed class WordCacheTests
{
    [Fact]
    public void TryGet_ManyWords_NeverGivesTheIdsOfAnother()
    {
        // More words than slots: words push each other out, but what is found is right.
        var cache = new WordCache();
        var random = new SeededRandom(1);
        string[] words = [.. Enumerable.Range(0, 40_000).Select(i => RandomWord(random, i)).Distinct()];
        int found = 0;
        for (int i = 0; i < words.Length; i++)
        {
            cache.Add(words[i], [i, words[i].Length]);
            Assert.True(cache.TryGet(words[i], out ReadOnlySpan<int> ids));
            Assert.Equal([i, words[i].Length], ids.ToArray());
        }

        for (int i = 0; i < words.Length; i++)
        {
            if (cache.TryGet(words[i], out ReadOnlySpan<int> ids))
            {
                Assert.Equal(i, ids[0]);
                found++;
            }
        }

        Assert.InRange(found, 10_000, 16_384);
    }

    [Fact]
    public void Add_NoIds_IsFoundEmpty()
    {
        var cache = new WordCache();
        Assert.False(cache.TryGet("x", out _));
        cache.Add("x", []);
        Assert.True(cache.TryGet("x", out ReadOnlySpan<int> ids));
        Assert.Equal(0, ids.Length);
    }

    private static string RandomWord(SeededRandom random, int index)
    {
        // Digits of the index make words different; letters in front give them any length.
        string letters = string.Concat(Enumerable.Range(0, random.NextInt(WordCache.MaxWordLength - 4)).Select(_ => (char)('a' + random.NextInt(26))));
        return $"{letters}{index % 9_999}";
    }
}
