using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Evaluation.Protocols;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation.Protocols;

public sealed class ProtocolTextTests
{
    /// <summary>Has a begin-of-text token, 1, and adds it.</summary>
    private static readonly Lazy<Tokenizer> Stories = new(() => Tokenizer.Load(RepositoryFiles.SharedOrSkip("models", "stories260K")));

    /// <summary>Ids 100, 101, … one for each letter.</summary>
    private static int[] Letters(string text, bool special) => [.. special ? [1] : Array.Empty<int>(), .. Enumerable.Range(100, text.Length)];

    [Fact]
    public void Cut_Gptq_WindowsWithoutTheRest()
    {
        ScoredText text = Cut(new ProtocolOptions { Window = 4 }, "abcdefgh");
        Assert.Equal("gptq-4", text.Name);
        Assert.Equal<int[]>([[1, 100, 101, 102], [103, 104, 105, 106]], text.Windows.Select(window => window.Ids));
        Assert.All(text.Windows, window => Assert.Equal(1, window.FirstScored));
        Assert.Equal(ErrorUnit.Windows, text.ErrorUnit);
    }

    /// <summary>Chunks of 6: logits of positions 3 and 4 count, that is tokens 4 and 5.</summary>
    [Fact]
    public void Cut_LlamaCpp_BeginsEveryChunkAndScoresItsSecondHalf()
    {
        ScoredText text = Cut(new ProtocolOptions { Protocol = "llamacpp", Window = 6 }, "abcdefghijklm");
        Assert.Equal("llamacpp-6", text.Name);
        Assert.Equal<int[]>([[1, 100, 101, 102, 103, 104], [1, 106, 107, 108, 109, 110]], text.Windows.Select(window => window.Ids));
        Assert.All(text.Windows, window => Assert.Equal((4, 2), (window.FirstScored, window.Scored)));
        Assert.Equal(ErrorUnit.Tokens, text.ErrorUnit);
    }

    [Fact]
    public void Cut_LlamaCppWithLessThanTwoChunks_Throws()
    {
        DatasetException error = Assert.Throws<DatasetException>(() => Cut(new ProtocolOptions { Protocol = "llamacpp", Window = 6 }, "abcdefghij"));
        Assert.Contains("has 11 tokens, expected at least 12", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_Segments_OneBeginOrOneForEach()
    {
        var plain = new ProtocolOptions { Protocol = "segments", Window = 3 };
        Assert.Equal<int[]>([[1, 100, 101], [102, 103, 104]], Cut(plain, "abcdef").Windows.Select(window => window.Ids));
        ScoredText each = Cut(plain with { BeginEveryWindow = true }, "abcdef");
        Assert.Equal<int[]>([[1, 100, 101, 102], [1, 103, 104, 105]], each.Windows.Select(window => window.Ids));
        Assert.Equal(("segments-3-bos", 6L), (each.Name, each.Scored));
    }

    [Fact]
    public void Cut_Documents_BeginForEachAndEveryTokenOnce()
    {
        ScoredText text = Cut(new ProtocolOptions { Protocol = "documents", Window = 3, Separator = "|" }, " abcd | | ef ");
        Assert.Equal<int[]>([[1, 100, 101], [101, 102, 103], [1, 100, 101]], text.Windows.Select(window => window.Ids));
        Assert.Equal([0, 0, 1], text.Windows.Select(window => window.Document));
        Assert.Equal((6L, 2), (text.Scored, text.Documents));
    }

    /// <summary>
    /// Windows of 4 inputs over 10 tokens, as get_rolling_token_windows and make_disjoint_window of lm-evaluation-harness cut them: ([1, 0, 1, 2] → 0 1 2 3),
    /// ([3, 4, 5, 6] → 4 5 6 7), and for the last two tokens the inputs 5 6 7 8, of which 5 6 7 are context.
    /// </summary>
    [Fact]
    public void Cut_LmEval_LastWindowReachesBack()
    {
        ScoredText text = Cut(new ProtocolOptions { Protocol = "lm-eval", Window = 4 }, "abcdefghij");
        Assert.Equal<int[]>([[1, 100, 101, 102, 103], [103, 104, 105, 106, 107], [105, 106, 107, 108, 109]], text.Windows.Select(window => window.Ids));
        Assert.Equal([1, 1, 3], text.Windows.Select(window => window.FirstScored));
        Assert.Equal((10L, 1L, 10L), (text.Scored, text.Words, text.Bytes));
    }

    [Theory]
    [InlineData(4, 4)] // fills one window
    [InlineData(3, 3)]
    [InlineData(5, 1)] // one token left: context of three, then it
    public void Cut_LmEvalShortTexts_EveryTokenOnce(int tokens, int lastScored)
    {
        ScoredText text = Cut(new ProtocolOptions { Protocol = "lm-eval", Window = 4 }, new string('a', tokens));
        Assert.Equal(tokens, text.Scored);
        Assert.Equal(lastScored, text.Windows[^1].Scored);
        Assert.All(text.Windows, window => Assert.InRange(window.Ids.Length, 2, 5));
    }

    [Fact]
    public void Cut_OptionsOutOfRange_NamesAll()
    {
        var wrong = new ProtocolOptions { Protocol = "mine", Window = 1, Limit = 0, BeginEveryWindow = true, Separator = "" };
        Assert.Equal(5, wrong.Faults().Count());
        Assert.Contains("Limit is 0", Assert.Throws<ArgumentException>(() => Cut(wrong, "abc")).Message, StringComparison.Ordinal);
        Assert.Single(new ProtocolOptions { Protocol = "llamacpp", Window = 3 }.Faults());
        Assert.Empty(new ProtocolOptions { Protocol = "lm-eval", Window = 1 << 20 }.Faults());
        Assert.Equal(["Window is 2,147,483,647, expected at most 1,048,576 tokens."], new ProtocolOptions { Protocol = "lm-eval", Window = int.MaxValue }.Faults());
    }

    /// <summary>Articles begin at titles in a text alone: a line of JSON is one document, whatever stands in it.</summary>
    [Fact]
    public void Read_LmEval_ArticlesOfATextOrLinesOfJson()
    {
        using var folder = new TemporaryFolder();
        var options = new ProtocolOptions { Protocol = "lm-eval" };
        Assert.Equal([" = One = \nfirst", " = Two = \nsecond\n"], Texts(options, folder.Write("a.txt", " = One = \nfirst\n = Two = \nsecond\n")));
        Assert.Equal([" = One = \nfirst\n = Two = \nsecond", "third"], Texts(options, folder.Write("a.jsonl", "\" = One = \\nfirst\\n = Two = \\nsecond\"\n\"third\"\n")));
    }

    [Theory]
    [InlineData("gptq")]
    [InlineData("llamacpp")]
    [InlineData("segments")]
    public void Read_ProtocolOfOneText_TextAsItStandsOrDocuments(string protocol)
    {
        using var folder = new TemporaryFolder();
        var options = new ProtocolOptions { Protocol = protocol };
        Assert.Equal(["one\r\ntwo"], Texts(options, folder.Write("a.txt", "one\r\ntwo")));
        Assert.Equal(["one", "two"], Texts(options, folder.Write("a.jsonl", "\"one\"\n\"two\"\n")));
    }

    private static IEnumerable<string> Texts(ProtocolOptions options, string path) => ProtocolText.Read(options, path).Select(document => document.Text);

    private static ScoredText Cut(ProtocolOptions options, string text) =>
        ProtocolText.Cut(options, [new TextDocument("text", text)], Stories.Value, Letters, 64, "text");
}
