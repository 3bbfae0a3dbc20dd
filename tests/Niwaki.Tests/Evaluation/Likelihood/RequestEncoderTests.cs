using Niwaki.Evaluation.Likelihood;
using Niwaki.Tests.Cli;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation.Likelihood;

public sealed class RequestEncoderTests
{
    /// <summary>Begin of text 0, which it adds.</summary>
    private static readonly Tokenizer Novels = Tokenizer.Load(CommandRunner.Sample);

    /// <summary>Begin of text 1, which it adds.</summary>
    private static readonly Lazy<Tokenizer> Stories = new(() => Tokenizer.Load(RepositoryFiles.SharedOrSkip("models", "stories260K")));

    [Fact]
    public void Pair_ContextAndContinuation_TokenisedTogether()
    {
        LikelihoodRequest request = Encoder(Novels, BeginOfTextMode.Off).Pair("He is there", " now.");
        Assert.Equal(Novels.Encode("He is there now.", addSpecialTokens: false), request.Ids);
        Assert.Equal(Novels.Encode("He is there", addSpecialTokens: false).Length, request.Start);
    }

    [Fact]
    public void Pair_BlankBehindTheContext_BelongsToTheContinuation()
    {
        LikelihoodRequest request = Encoder(Novels, BeginOfTextMode.Off).Pair("He is  \n", "there");
        Assert.Equal(Novels.Encode("He is  \nthere", addSpecialTokens: false), request.Ids);
        Assert.Equal(Novels.Encode("He is", addSpecialTokens: false).Length, request.Start);
    }

    [Fact]
    public void Pair_TokensThatGrowTogether_NeverTokenisedAlone()
    {
        // Every letter by itself, but "ab" is one token: the context "a" has one token, and the whole "abc" two, so that "c" alone is scored.
        int[] Encode(string text) => [.. text.Replace("ab", "X", StringComparison.Ordinal).Select(c => (int)c)];
        LikelihoodRequest request = new RequestEncoder(Novels, Encode, BeginOfTextMode.Off, 64).Pair("a", "bc");
        Assert.Equal(['X', 'c'], request.Ids.Select(id => (char)id));
        Assert.Equal(1, request.Start);
    }

    [Fact]
    public void Pair_EmptyContext_IsThePrefixToken()
    {
        int[] ids = Stories.Value.Encode("word", addSpecialTokens: false);
        Assert.Equal<int>([1, .. ids], Encoder(Stories.Value).Pair("", "word").Ids);
        Assert.Equal<int>([1, .. ids], Encoder(Stories.Value, BeginOfTextMode.Off).Pair("", "word").Ids);
        LikelihoodRequest request = Encoder(Novels).Pair("", " now");
        Assert.Equal<int>([Novels.BeginOfText ?? Novels.EndOfText!.Value, .. Novels.Encode(" now", addSpecialTokens: false)], request.Ids);
        Assert.Equal(1, request.Start);
        Assert.Equal(1, Encoder(Novels, BeginOfTextMode.Off).Pair(" ", "now").Start);
    }

    [Fact]
    public void Pair_BeginOfText_AsAsked()
    {
        Assert.Equal(1, Encoder(Stories.Value).Pair("a", " b").Ids[0]);
        Assert.Equal(1, Encoder(Stories.Value, BeginOfTextMode.On).Pair("a", " b").Ids[0]);
        Assert.NotEqual(1, Encoder(Stories.Value, BeginOfTextMode.Off).Pair("a", " b").Ids[0]);
        LikelihoodRequest with = Encoder(Stories.Value).Pair("a", " b"), without = Encoder(Stories.Value, BeginOfTextMode.Off).Pair("a", " b");
        Assert.Equal((with.Ids.Length - 1, with.Start - 1), (without.Ids.Length, without.Start));
    }

    /// <summary>A chat template writes the begin-of-text token itself.</summary>
    [Fact]
    public void Pair_ContextWithBeginOfText_NotTwice()
    {
        string begin = Novels.TokenText(Novels.BeginOfText!.Value);
        LikelihoodRequest written = Encoder(Novels, BeginOfTextMode.Off).Pair(begin + "He is", " there"), both = Encoder(Novels, BeginOfTextMode.On).Pair(begin + "He is", " there");
        Assert.Equal(Novels.BeginOfText, both.Ids[0]);
        Assert.Equal(written.Ids, both.Ids);
        Assert.Equal(written.Start, both.Start);
    }

    /// <summary>A model that reads 4 tokens predicts 4 of 5: the first are dropped, of the context first.</summary>
    [Theory]
    [InlineData("abcdef", "gh", "defgh", 3)]
    [InlineData("abc", "defgh", "defgh", 1)] // the context is gone; the first letter of the continuation is what the others are predicted from
    [InlineData("abc", "de", "abcde", 3)]
    public void Pair_TooLong_CutFromTheLeft(string context, string continuation, string left, int start)
    {
        LikelihoodRequest request = new RequestEncoder(Novels, text => [.. text.Select(c => (int)c)], BeginOfTextMode.Off, 4).Pair(context, continuation);
        Assert.Equal(left, string.Concat(request.Ids.Select(id => (char)id)));
        Assert.Equal(start, request.Start);
    }

    [Fact]
    public void Prompt_LeavesRoom()
    {
        var encoder = new RequestEncoder(Novels, text => [.. text.Select(c => (int)c)], BeginOfTextMode.Off, 10);
        Assert.Equal("cdef", string.Concat(encoder.Prompt("abcdef", 6).Select(id => (char)id)));
        Assert.Single(encoder.Prompt("", 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => encoder.Prompt("a", 10));
    }

    [Theory]
    [InlineData("a b \u001C\u3000", "a b")]
    [InlineData("\n", "")]
    public void TrimEnd_AsPython(string text, string expected) => Assert.Equal(expected, PythonText.TrimEnd(text));

    [Fact]
    public void PythonText_CapitalizeAndLength_AsPython()
    {
        Assert.Equal("Then he SAYS".Length, PythonText.Length("Then he SAYS"));
        Assert.Equal("Then he says é", PythonText.Capitalize("then he SAYS É"));
        Assert.Equal("", PythonText.Capitalize(""));
        Assert.Equal(3, PythonText.Length("a😀b"));
        Assert.Equal("x y", PythonText.Trim(" \u001Fx y\t"));
    }

    private static RequestEncoder Encoder(Tokenizer tokenizer, BeginOfTextMode mode = BeginOfTextMode.Auto) =>
        new(tokenizer, text => tokenizer.Encode(text, addSpecialTokens: false), mode, 64);
}
