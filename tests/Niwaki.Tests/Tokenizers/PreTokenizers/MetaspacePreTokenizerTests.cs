using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class MetaspacePreTokenizerTests
{
    [Theory]
    [InlineData("Always", true, true, "a b", "▁a|▁b")]
    [InlineData("Always", true, false, "a b", "▁a|▁b")]
    [InlineData("First", true, true, "a b", "▁a|▁b")]
    [InlineData("First", true, false, "a b", "a|▁b")] // not where the whole text begins
    [InlineData("Never", true, true, "a b", "a|▁b")]
    [InlineData("Always", true, true, " a  b", "▁a|▁|▁b")] // a blank is there already
    [InlineData("Always", true, true, "▁a", "▁a")]
    [InlineData("Always", false, true, "a b", "▁a▁b")]
    public void Split_Schemes_PrependWhereNamed(string scheme, bool splits, bool startsText, string text, string expected)
    {
        var step = new MetaspacePreTokenizer('▁', Enum.Parse<PrependScheme>(scheme), splits);
        Assert.Equal(expected, PieceList.Cut(step, text, startsText));
    }
}
