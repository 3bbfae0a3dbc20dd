using Niwaki.Tokenizers.Decoders;

namespace Niwaki.Tests.Tokenizers.Decoders;

public sealed class DecoderStageTests
{
    [Fact]
    public void ByteLevel_Tokens_BytesAcrossTokensMakeCharacters() =>
        Assert.Equal("a é\uFFFDb", Run([next => new ByteLevelStage(next)], "a", "ĠÃ", "©", "Ã", "b"));

    [Fact]
    public void ByteLevel_TokenOutsideTheAlphabet_StandsForItself() =>
        Assert.Equal("x日本 y", Run([next => new ByteLevelStage(next)], "x", "日本 ", "y"));

    [Theory]
    [InlineData("é", "<0xC3>", "<0xA9>")]
    [InlineData("a\uFFFDb", "a", "<0xC3>", "b")]
    [InlineData("é\uFFFD\uFFFD", "<0xC3>", "<0xA9>", "<0xE2>", "<0x96>")] // two bytes of three
    [InlineData("\uFFFDé", "<0xFF>", "<0xC3>", "<0xA9>")]
    [InlineData("<0xZZ>", "<0xZZ>")]
    public void ByteFallback_Runs_WholeCharactersAndReplacements(string expected, params string[] tokens) =>
        Assert.Equal(expected, Run([next => new ByteFallbackStage(next)], tokens));

    [Fact]
    public void Strip_EveryToken_UpToTheCount() =>
        Assert.Equal("a b |c", Run([next => new StripStage('_', 2, 1, next), next => new ReplaceStage("_", " ", next)], "__a_b__", "|", "_c_"));

    [Fact]
    public void Strip_AfterFuse_EndsOfTheTextOnly() =>
        Assert.Equal("_a__b_", Run([next => new FuseStage(next), next => new StripStage('_', 1, 2, next)], "_", "_a_", "_b", "__", "_"));

    [Fact]
    public void Strip_NothingButContent_LeavesNothing() =>
        Assert.Equal("", Run([next => new FuseStage(next), next => new StripStage('_', 2, 2, next)], "_", "__"));

    [Fact]
    public void Replace_AfterFuse_AcrossTokens() =>
        Assert.Equal("xZy", Run([next => new FuseStage(next), next => new ReplaceStage("ab", "Z", next)], "xa", "by"));

    [Fact]
    public void Replace_SeparateTokens_NotAcross() => Assert.Equal("xaby", Run([next => new ReplaceStage("ab", "Z", next)], "xa", "by"));

    [Theory]
    [InlineData(true, "a b")]
    [InlineData(false, " a b")]
    public void Metaspace_FirstToken_LosesItsBlank(bool drops, string expected) =>
        Assert.Equal(expected, Run([next => new MetaspaceStage('▁', drops, next)], "▁a", "▁b"));

    [Fact]
    public void Join_Tokens_BlanksBetween() => Assert.Equal("a b c", Run([next => new JoinStage(next)], "a", "b", "c"));

    private static string Run(DecoderStep[] steps, params string[] tokens)
    {
        var collector = new TextCollector();
        DecoderStage stage = new DecoderChain { Steps = steps }.Start(collector);
        foreach (string token in tokens)
        {
            stage.Take(token, begins: true, ends: true);
        }

        stage.Finish();
        return collector.TakeText();
    }
}
