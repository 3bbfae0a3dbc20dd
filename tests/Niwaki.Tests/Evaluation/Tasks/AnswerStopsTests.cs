using System.Text;
using Niwaki.Evaluation.Tasks;
using Niwaki.Tests.Tokenizers;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation.Tasks;

public sealed class AnswerStopsTests
{
    private const int TurnEnd = 256;
    private const int Other = 257;

    /// <summary>Ids are bytes, and behind them two special tokens.</summary>
    private static readonly Tokenizer Bytes = MadeUpTokenizer.Load(
        MadeUpTokenizer.Bytes(),
        null,
        ("decoder", """{ "type": "ByteLevel" }"""),
        ("added_tokens", """[{ "id": 256, "content": "<|im_end|>", "special": true }, { "id": 257, "content": "<|other|>", "special": true }]"""));

    [Fact]
    public void IsReached_StopAsTextOrAsSpecialToken_Ends()
    {
        Assert.False(AnswerStops.IsReached(Bytes, [.. Ids("so 12"), Other]));
        Assert.True(AnswerStops.IsReached(Bytes, Ids("so 12</s>")));
        Assert.True(AnswerStops.IsReached(Bytes, [.. Ids("so 12"), TurnEnd]));
    }

    [Fact]
    public void TextBefore_Stop_TextInFrontWithoutSpecialTokens()
    {
        Assert.Equal("so 12", AnswerStops.TextBefore(Bytes, [.. Ids("so "), Other, .. Ids("12")]));
        Assert.Equal("so 12", AnswerStops.TextBefore(Bytes, Ids("so 12Question: 13")));
        Assert.Equal("so 12", AnswerStops.TextBefore(Bytes, [.. Ids("so 12"), TurnEnd]));
    }

    private static int[] Ids(string text) => [.. Encoding.ASCII.GetBytes(text).Select(value => (int)value)];
}
