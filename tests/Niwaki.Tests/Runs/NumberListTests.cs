using Niwaki.Runs;

namespace Niwaki.Tests.Runs;

public sealed class NumberListTests
{
    [Theory]
    [InlineData("[1e2, 1e-4, 0]", "100, 0.0001, 0")]
    [InlineData("32,64,128", "32, 64, 128")]
    [InlineData(" -5 ", "-5")]
    public void TryParse_Numbers_AreWrittenTheSameWay(string text, string expected)
    {
        Assert.True(NumberList.TryParse(text, out NumberList list));
        Assert.Equal(expected, list.ToString());
        Assert.Equal(list, NumberList.Of(list.Values));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[")]
    [InlineData("1,")]
    [InlineData("1;2")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17")]
    public void TryParse_Others_IsFalse(string text) => Assert.False(NumberList.TryParse(text, out _));
}
