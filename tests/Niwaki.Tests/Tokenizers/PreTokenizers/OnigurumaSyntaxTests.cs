using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class OnigurumaSyntaxTests
{
    [Theory]
    [InlineData(@"x?+xy|.", "xyxxy", "x|y|xxy")]      // possessive: the x is not given back, so "xy" alone is no match
    [InlineData(@"\p{N}{1,2}+", "12345", "12345")]    // {n,m}+ repeats the repetition
    [InlineData(@"a{,2}b", "aaab", "a|aab")]          // {,m} is {0,m}
    [InlineData(@"\s+$", "a \nb ", "a| |\nb| ")]      // $ is the end of any line
    [InlineData(@"^.", "ab\ncd", "a|b\n|c|d")]        // ^ its beginning
    [InlineData(@"\h{2}", "ffxg", "ff|xg")]           // \h is a hexadecimal digit
    [InlineData(@"[a[bc]d]+", "xabcdx", "x|abcd|x")]  // classes inside classes are united
    [InlineData(@"[]a]+", "x]ax", "x|]a|x")]
    [InlineData(@"[a\-z-]+", "xa-zx", "x|a-z|x")]
    [InlineData(@"\x{65E5}", "日本", "日|本")]
    [InlineData(@"\p{^L}+", "ab12", "ab|12")]
    [InlineData(@"\p{Letter}", "1a", "1|a")]
    [InlineData(@"(?i:'LL)|(?-i:x)", "'llX", "'ll|X")]
    [InlineData(@"(a)(b)", "cab", "c|ab")]
    [InlineData(@"\w", "½", "½")]
    [InlineData(@"{", "a{b", "a|{|b")]
    public void Translate_Syntax_MeansTheSame(string expression, string text, string expected) =>
        Assert.Equal(expected, PieceList.Cut(new RegexPattern(expression), text));

    [Theory]
    [InlineData(100_000, "characters, more than")]
    [InlineData(100, "nested more than 8 deep")]
    public void Translate_Hostile_Throws(int length, string part)
    {
        var error = Assert.Throws<NotSupportedException>(() => OnigurumaSyntax.Translate(new string('[', length)));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\p{Han}", "'\\p{Han}'")]
    [InlineData(@"[a&&b]", "intersection")]
    [InlineData(@"[a[^b]]", "negated class inside")]
    [InlineData(@"[[:alpha:]]", "POSIX")]
    [InlineData(@"(?<name>a)", "group")]
    [InlineData(@"(a)\1", "'\\1'")]
    [InlineData(@"\R", "'\\R'")]
    [InlineData(@"a**", "quantifier behind a quantifier")]
    [InlineData(@"a{2}?", "{n}?")]
    [InlineData(@"[\W]", "inside a class")]
    [InlineData(@"🦙", "supplementary")]
    [InlineData(@"[𝐀-𝐙]", "supplementary")]
    [InlineData(@"\x{1F999}", "1F999")]
    [InlineData(@"a)", "')' without '('")]
    [InlineData(@"[a", "'[' without ']'")]
    [InlineData(@"a\", "at the end")]
    public void Translate_NoEqualInDotNet_ThrowsNamingIt(string expression, string part)
    {
        var error = Assert.Throws<NotSupportedException>(() => OnigurumaSyntax.Translate(expression));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }
}
