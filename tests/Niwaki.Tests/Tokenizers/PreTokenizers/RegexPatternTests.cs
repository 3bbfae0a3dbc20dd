using Niwaki.Formats;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class RegexPatternTests
{
    [Theory]
    [InlineData(@"\p{L}+", "x𝐀y🦙z", "x𝐀y|🦙|z")]           // a letter of a supplementary plane is a letter
    [InlineData(@"\p{N}{1,3}", "𝟙𝟚𝟛𝟜a", "𝟙𝟚𝟛|𝟜|a")]       // and a digit counts once
    [InlineData(@"[^\s\p{L}]", "🦙🦙a", "🦙|🦙|a")]           // a negated class takes a whole character
    [InlineData(@".", "a🦙", "a|🦙")]
    [InlineData(@"\s+(?!\S)|\s+", "a  🦙", "a| | |🦙")]        // lookahead in front of one
    [InlineData(@"\w+", "🅰b!", "🅰b|!")]                      // a squared letter belongs to words
    public void FindMatches_SupplementaryPlanes_AreSingleCharacters(string expression, string text, string expected) =>
        Assert.Equal(expected, PieceList.Cut(new RegexPattern(expression), text));

    [Fact]
    public void FindMatches_ExpressionThatBacktracksWithoutEnd_IsGivenUp()
    {
        var pattern = new RegexPattern("(a|aa)+$", TimeSpan.FromMilliseconds(50));
        Assert.Contains("(a|aa)+$", Assert.Throws<UnsupportedModelException>(() => PieceList.Cut(pattern, new string('a', 100) + "b")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a{2,1}")]
    public void Constructor_BrokenExpression_Throws(string expression) =>
        Assert.Throws<NotSupportedException>(() => new RegexPattern(expression));
}
