using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class SplitPreTokenizerTests
{
    // The text has a match at the beginning, two neighbours, and one at the end.
    [Theory]
    [InlineData("Isolated", false, "-|a|-|-|b|-")]
    [InlineData("Isolated", true, "-|a|-|-|b|-")]
    [InlineData("Removed", false, "a|b")]
    [InlineData("Removed", true, "-|-|-|-")]
    [InlineData("MergedWithPrevious", false, "-|a-|-|b-")]
    [InlineData("MergedWithPrevious", true, "-a|-|-b|-")]
    [InlineData("MergedWithNext", false, "-a|-|-b|-")]
    [InlineData("MergedWithNext", true, "-|a-|-|b-")]
    [InlineData("Contiguous", false, "-|a|--|b|-")]
    [InlineData("Contiguous", true, "-|a|--|b|-")]
    public void Split_Behaviours_JoinAsNamed(string behaviour, bool invert, string expected)
    {
        var step = new SplitPreTokenizer(new LiteralPattern("-"), Enum.Parse<SplitBehaviour>(behaviour), invert);
        Assert.Equal(expected, PieceList.Cut(step, "-a--b-"));
    }

    [Theory]
    [InlineData(true, "a|1|2|½Ⅷ𝟙b")]
    [InlineData(false, "a|12|½Ⅷ𝟙b")]
    public void Digits_AllNumbersOfUnicode(bool individual, string expected) =>
        Assert.Equal(expected, PieceList.Cut(SplitPreTokenizer.Digits(individual), "a12½Ⅷ𝟙b"));

    [Fact]
    public void Punctuation_UnicodeAndAsciiSymbols() =>
        Assert.Equal("a|$|—|+|€b", PieceList.Cut(SplitPreTokenizer.Punctuation(SplitBehaviour.Isolated), "a$—+€b"));

    [Fact]
    public void Whitespace_WordsAndSymbols() =>
        Assert.Equal("Hey|,|you_2|?!|naïve|🦙", PieceList.Cut(SplitPreTokenizer.Whitespace(), "Hey, you_2?!\tnaïve🦙"));

    [Fact]
    public void WhitespaceSplit_EverythingBetween() =>
        Assert.Equal("Hey,|you|x", PieceList.Cut(SplitPreTokenizer.WhitespaceSplit(), " Hey,\u3000you\n\nx "));
}
