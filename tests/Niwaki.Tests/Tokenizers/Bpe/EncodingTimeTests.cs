using System.Diagnostics;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers.Bpe;

public sealed class EncodingTimeTests
{
    // The pre-tokenizer leaves such a text in one piece. Of eight times the text linear time is 8 times as long, n log n 9.4 times, n² 64 times: then 2^20 characters
    // take minutes, so that a quarter of a second proves nothing but a busy machine.
    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('1')]
    [InlineData('\'')]
    public void Encode_OneCharacterOverAndOver_TimeGrowsWithTheText(char character)
    {
        var tokenizer = Tokenizer.Load(RepositoryFiles.Get("samples", "novels-4m"));
        double few = Shortest(tokenizer, new string(character, 1 << 17)), many = Shortest(tokenizer, new string(character, 1 << 20));
        Assert.True(many < Math.Max(32 * few, 0.25), $"2^17 characters take {few} s, 2^20 {many} s.");
    }

    private static double Shortest(Tokenizer tokenizer, string text) => Enumerable.Range(0, 3).Min(_ => Seconds(tokenizer, text));

    private static double Seconds(Tokenizer tokenizer, string text)
    {
        long start = Stopwatch.GetTimestamp();
        Assert.NotEmpty(tokenizer.Encode(text, addSpecialTokens: false));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
