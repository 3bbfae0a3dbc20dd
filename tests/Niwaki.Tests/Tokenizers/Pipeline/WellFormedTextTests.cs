using Niwaki.Tokenizers.Pipeline;

namespace Niwaki.Tests.Tokenizers.Pipeline;

public sealed class WellFormedTextTests
{
    private const char High = '\uD83E';
    private const char Low = '\uDD99'; // the two together are a llama, U+1F999

    // Written as code units, because a runner may not carry broken strings over unchanged.
    [Theory]
    [InlineData(new[] { High }, "\uFFFD")]
    [InlineData(new[] { Low, 'a' }, "\uFFFDa")]
    [InlineData(new[] { High, High, Low }, "\uFFFD🦙")]
    [InlineData(new[] { High, Low, Low, High }, "🦙\uFFFD\uFFFD")]
    [InlineData(new[] { 'a', High, 'b', Low }, "a\uFFFDb\uFFFD")]
    public void Of_UnpairedSurrogates_AreReplaced(char[] text, string expected) => Assert.Equal(expected, WellFormedText.Of(new string(text)));

    [Theory]
    [InlineData("")]
    [InlineData("a🦙b")]
    public void Of_WholeText_IsTheSameString(string text) => Assert.Same(text, WellFormedText.Of(text));
}
