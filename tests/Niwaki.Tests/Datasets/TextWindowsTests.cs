using Niwaki.Datasets;
using Niwaki.Numerics;

namespace Niwaki.Tests.Datasets;

public sealed class TextWindowsTests
{
    private static readonly int[] Ids = [.. Enumerable.Range(100, 10)];

    [Fact]
    public void NonOverlapping_RestAtTheEnd_Dropped() =>
        Assert.Equal([[100, 101, 102], [103, 104, 105], [106, 107, 108]], TextWindows.NonOverlapping(Ids, 3));

    [Fact]
    public void NonOverlapping_Limit_FirstWindows() => Assert.Equal([[100, 101, 102], [103, 104, 105]], TextWindows.NonOverlapping(Ids, 3, 2));

    [Fact]
    public void NonOverlapping_LimitAboveNumber_All() => Assert.Equal(3, TextWindows.NonOverlapping(Ids, 3, 50).Length);

    [Fact]
    public void NonOverlapping_TextOfOneWindow_Whole() => Assert.Equal([Ids], TextWindows.NonOverlapping(Ids, 10));

    [Fact]
    public void NonOverlapping_TextTooShort_NamesTextTokensAndWindow()
    {
        DatasetException error = Assert.Throws<DatasetException>(() => TextWindows.NonOverlapping(Ids, 2048, text: "wiki.txt"));
        Assert.Equal("wiki.txt: has 10 tokens, expected at least 2,048 for one window. Give a longer text or a shorter window.", error.Message);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(3, 0)]
    public void NonOverlapping_NumbersOutOfRange_Throws(int window, int limit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TextWindows.NonOverlapping(Ids, window, limit));

    [Fact]
    public void Sample_SameSeed_SameConsecutiveTokens()
    {
        int[][] windows = TextWindows.Sample(Ids, 4, 20, new SeededRandom(5));
        Assert.Equal(windows, TextWindows.Sample(Ids, 4, 20, new SeededRandom(5)));
        Assert.All(windows, window => Assert.Equal(Enumerable.Range(window[0], 4), window));
    }

    [Fact]
    public void Sample_ManyWindows_EveryPlaceFromFirstToLast()
    {
        // Windows of 4 among 10 tokens begin at 7 places. 700 draws miss a given place with probability (6/7)^700 = 1e-47.
        int[][] windows = TextWindows.Sample(Ids, 4, 700, new SeededRandom(6));
        Assert.Equal(Enumerable.Range(100, 7), windows.Select(window => window[0]).Distinct().Order());
    }

    [Fact]
    public void Sample_TextTooShort_Throws() =>
        Assert.Throws<DatasetException>(() => TextWindows.Sample(Ids, 11, 1, new SeededRandom(0)));

    [Fact]
    public void Sample_NoWindows_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TextWindows.Sample(Ids, 4, 0, new SeededRandom(0)));

    [Fact]
    public void Rolling_LongText_WindowsShareOneToken() =>
        Assert.Equal([[100, 101, 102, 103], [103, 104, 105, 106], [106, 107, 108, 109]], TextWindows.Rolling(Ids, 4));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 2)] // the second window holds tokens 3 and 4
    public void Rolling_AnyLength_EveryTokenButTheFirstPredictedOnce(int tokens, int windows)
    {
        int[][] cut = TextWindows.Rolling(Ids.AsSpan(0, tokens), 4);
        Assert.Equal(windows, cut.Length);
        Assert.Equal(Ids.Take(tokens).Skip(1), cut.SelectMany(window => window.Skip(1)));
    }

    [Fact]
    public void SampleDisjoint_AllThereAre_EachOnce()
    {
        int[] ids = [.. Enumerable.Range(0, 23)];
        int[][] windows = TextWindows.SampleDisjoint(ids, 5, 4, new SeededRandom(2));
        Assert.Equal(Enumerable.Range(0, 20), windows.SelectMany(window => window).Order());
    }

    [Fact]
    public void SampleDisjoint_MoreThanThereAre_Throws() =>
        Assert.Throws<DatasetException>(() => TextWindows.SampleDisjoint(new int[23], 5, 5, new SeededRandom(2)));
}
