using Niwaki.Training;

namespace Niwaki.Tests.Training;

public sealed class TrainingWindowsTests
{
    [Fact]
    public void Windows_OfEveryEpoch_ShareNoTokenAndLeaveLessThanTwoWindowsOut()
    {
        const int Window = 7;
        int[] ids = [.. Enumerable.Range(0, 100)];
        var windows = new TrainingWindows(ids, Window, 3);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            int[] seen = [.. Enumerable.Range(0, windows.PerEpoch).SelectMany(i => windows[(epoch * windows.PerEpoch) + i].Ids)];
            Assert.Equal(seen.Length, seen.Distinct().Count());
            Assert.InRange(seen.Length, 100 - (2 * Window) + 1, 100);
        }
    }

    [Fact]
    public void Windows_SameSeed_SameOrderWhereverOneBegins()
    {
        int[] ids = [.. Enumerable.Range(0, 100)];
        var inOrder = new TrainingWindows(ids, 5, 9);
        int[][] expected = [.. Enumerable.Range(0, 60).Select(i => inOrder[i].Ids)];
        Assert.Equal(expected[57], new TrainingWindows(ids, 5, 9)[57].Ids);
        Assert.Equal(expected[3], inOrder[3].Ids);
        Assert.NotEqual(expected, [.. Enumerable.Range(0, 60).Select(i => new TrainingWindows(ids, 5, 10)[i].Ids)]);
        Assert.NotEqual(expected[..inOrder.PerEpoch], expected[inOrder.PerEpoch..(2 * inOrder.PerEpoch)]);
    }

    [Fact]
    public void Windows_TextOfOneWindow_IsThatWindow() => Assert.Equal([4, 5, 6], new TrainingWindows([4, 5, 6], 3, 0)[17].Ids);

    [Fact]
    public void Windows_TextShorterThanOne_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingWindows([1, 2], 3, 0));
}
