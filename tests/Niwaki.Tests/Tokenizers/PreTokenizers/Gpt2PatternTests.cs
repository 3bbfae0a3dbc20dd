using Niwaki.Numerics;
using Niwaki.Tokenizers.PreTokenizers;

namespace Niwaki.Tests.Tokenizers.PreTokenizers;

public sealed class Gpt2PatternTests
{
    [Theory]
    [InlineData("Hello  world", "Hello| | world")]
    [InlineData("it's I'LL", "it|'s| I|'|LL")]
    [InlineData("a1 23!? x", "a|1| 23|!?| x")]
    [InlineData("end   ", "end|   ")]
    [InlineData("x\n\n y", "x|\n\n| y")]
    [InlineData(" 𝐀𝟙🦙", " 𝐀|𝟙|🦙")]
    public void FindMatches_Text_Pieces(string text, string expected) => Assert.Equal(expected, PieceList.Cut(new Gpt2Pattern(), text));

    [Fact]
    public void FindMatches_RandomTexts_EqualTheExpression()
    {
        var expression = new RegexPattern(Gpt2Pattern.Expression);
        var scanner = new Gpt2Pattern();
        var random = new SeededRandom(17);
        for (int round = 0; round < 2_000; round++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(PieceList.Cut(expression, text), PieceList.Cut(scanner, text));
        }
    }
}
