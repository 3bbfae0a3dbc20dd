using Niwaki.Numerics;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class Cl100kPatternTests
{
    [Theory]
    [InlineData("Hello  world", "Hello| | world")]
    [InlineData("it's I'LL", "it|'s| I|'LL")]
    [InlineData("12345", "123|45")]
    [InlineData("(x) =\n\n y", "(x|)| =\n\n| y")]
    [InlineData(" \n \n  z", " \n \n| | z")]
    [InlineData("🦙x 𝟙𝟚𝟛𝟜", "🦙x| |𝟙𝟚𝟛|𝟜")]
    [InlineData("'ſs", "'ſs")] // the long s is no contraction: a symbol with letters
    public void FindMatches_Text_Pieces(string text, string expected) => Assert.Equal(expected, PieceList.Cut(new Cl100kPattern(3), text));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void FindMatches_RandomTexts_EqualTheExpression(int maxDigits)
    {
        var expression = new RegexPattern(Cl100kPattern.Expression(maxDigits));
        var scanner = new Cl100kPattern(maxDigits);
        var random = new SeededRandom(18);
        for (int round = 0; round < 2_000; round++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(PieceList.Cut(expression, text), PieceList.Cut(scanner, text));
        }
    }

    [Fact]
    public void Expression_ThreeDigits_IsThatOfLlama3() => Assert.Equal(
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Cl100kPattern.Expression(3));
}
