using Niwaki.Tokenizers.Pipeline;

namespace Niwaki.Tests.Tokenizers.Pipeline;

public sealed class AddedTokenMatcherTests
{
    [Fact]
    public void FindNext_TokensOfOnePrefix_LongestWins() =>
        Assert.Equal("x|<a>|<ab|y|<a>", Cut("x<a><aby<a>", Token("<a>"), Token("<ab"), Token("<abc")));

    [Fact]
    public void FindNext_NoTokens_FindsNothing() => Assert.Equal("abc", Cut("abc"));

    [Fact]
    public void FindNext_Strips_TakesWhiteSpaceOfItsSide()
    {
        Assert.Equal("a|  <m>|  b", Cut("a  <m>  b", Token("<m>") with { StripsLeft = true }));
        Assert.Equal("a  |<m>  |b", Cut("a  <m>  b", Token("<m>") with { StripsRight = true }));
    }

    [Fact]
    public void FindNext_TwoStrippingTokens_ShareNoWhiteSpace()
    {
        AddedToken token = Token("<m>") with { StripsLeft = true, StripsRight = true };
        Assert.Equal("<m>  |<m>", Cut("<m>  <m>", token));
    }

    [Theory]
    [InlineData("an apple", "an| apple")]
    [InlineData("banana an", "banana |an")]
    [InlineData("an1 (an)", "an1 (|an|)")]
    [InlineData("anèan", "anèan")]
    public void FindNext_SingleWord_NotInsideWords(string text, string expected) =>
        Assert.Equal(expected, Cut(text, Token("an") with { IsSingleWord = true }));

    [Fact]
    public void FindNext_EmptyPattern_IsNotLookedFor() => Assert.Equal("ab", Cut("ab", Token("") with { Content = "x" }));

    private static AddedToken Token(string content) => new() { Id = 1, Content = content, Pattern = content };

    private static string Cut(string text, params AddedToken[] tokens)
    {
        var matcher = new AddedTokenMatcher(tokens);
        List<string> parts = [];
        int position = 0;
        while (position < text.Length)
        {
            _ = matcher.FindNext(text, position, out int start, out int end);
            parts.AddRange([text[position..start], text[start..end]]);
            position = end;
        }

        return string.Join('|', parts.Where(part => part.Length > 0));
    }
}
