using Niwaki.Runs;

namespace Niwaki.Tests.Runs;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("wanda", "wanda")]
    [InlineData("wnada", "wanda")] // neighbours swapped: 1 step of at most 5/3
    [InlineData("Wanda", "wanda")]
    [InlineData("wandaa", "wanda")]
    [InlineData("wda", null)] // 2 steps
    [InlineData("magnitudes", "magnitude")]
    [InlineData("magn", "magnitude")] // the beginning of it
    [InlineData("mag", null)] // too short to be sure
    [InlineData("", null)]
    [InlineData("quite different", null)]
    public void Of_Text_IsTheNearestName(string text, string? nearest) =>
        Assert.Equal(nearest, NearestName.Of(text, ["magnitude", "wanda", "random"]));

    [Fact]
    public void Of_TwoNearNames_IsTheNearer() => Assert.Equal("window", NearestName.Of("windw", ["windows", "window"]));

    [Fact]
    public void Of_HugeText_IsNothing() => Assert.Null(NearestName.Of(new string('a', 1 << 20), [new string('a', 10)]));
}
