using System.Security.Cryptography;
using System.Text;
using Niwaki.Datasets;
using Niwaki.Evaluation.Protocols;

namespace Niwaki.Tests.Evaluation.Protocols;

public sealed class WikiTextTests
{
    [Fact]
    public void Split_WikiText_ArticlesByTitle()
    {
        string text = " \n = One = \n \n = = Part = = \n words of one \n = Two = \n \n words of two \n";
        Assert.Equal([" = One = \n \n = = Part = = \n words of one ", " = Two = \n \n words of two \n"], WikiTextPages.Split(text));
        Assert.Equal(["no title"], WikiTextPages.Split("no title"));
        Assert.Equal(4, WikiTextPages.Words(" a  b\n")); // an empty piece in front and behind
    }

    /// <summary>Values from scripts/reference/wikitext_pages.py; 62 is the number of articles that the hub has too (EleutherAI/wikitext_document_level).</summary>
    [Fact]
    public void Apply_TestSplit_AsCPython()
    {
        string[] pages = [.. WikiTextPages.Split(TextFile.Read(RepositoryFiles.SharedOrSkip("text", "wiki.test.raw")))];
        Assert.Equal(62, pages.Length);
        Assert.Equal(241_335, pages.Sum(WikiTextPages.Words));
        Assert.Equal(1_290_527, pages.Sum(Encoding.UTF8.GetByteCount));
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', pages.Select(WikiTextDetokeniser.Apply))));
        Assert.Equal("b0ae50e166add20959a5406d9b3c99fe1f23819ec0a10149047149434fb85d81", Convert.ToHexStringLower(hash));
    }

    [Theory]
    [InlineData(" = Robert = \n He played 1 @,@ 000 games @-@ half of them . ", " = Robert =\nHe played 1,000 games-half of them. ")]
    [InlineData("the boys ' toys", "the boys' toys")]
    [InlineData("a ( b ) [ c ] { d } \" e \" ' f ' g", "a (b) [c] {d} \"e\" 'f' g")]
    [InlineData(" = = Part = = x", " == Part == x")]
    [InlineData("12 \u00B0 N of it 's end : yes ; no ! so ? but , well", "12\u00B0N of it's end: yes; no! so? but, well")]
    [InlineData("to N items /' 7/", "to 1 items /'[0-9]/")]
    [InlineData("( a ( b ) c ) (  ) [\t] ( open", "(a ( b) c ) () [] ( open")] // up to the next closing one, and nothing where there is none
    [InlineData("\" a \" b \" c", "\"a\" b \" c")]
    public void Apply_Page_ReadsAsPlainText(string page, string expected) => Assert.Equal(expected, WikiTextDetokeniser.Apply(page));

    /// <summary>An expression would try every way to share the white space out, some 10^15 of them.</summary>
    [Theory]
    [InlineData('(')]
    [InlineData('[')]
    [InlineData('{')]
    [InlineData('"')]
    [InlineData('\'')]
    public void Apply_WhiteSpaceThatNothingCloses_StaysAtOnce(char opening)
    {
        string page = opening + new string(' ', 200_000) + "x";
        Assert.Equal(page, WikiTextDetokeniser.Apply(page));
    }
}
