using System.Text.Json;
using Niwaki.Formats;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Tokenizers;

/// <summary>Real vocabularies against ids and texts of an independent implementation, <c>@huggingface/tokenizers</c>.</summary>
/// <remarks><c>decoded</c> in the golden file is the text of <c>idsWithoutSpecial</c> with special tokens written, not skipped.</remarks>
public sealed class GoldenTokenizerTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("llama3.1")]
    [InlineData("qwen3")]
    [InlineData("smollm2")]
    [InlineData("gpt2")]
    [InlineData("novels-4m")]
    public void EncodeAndDecode_GoldenTexts_Equal(string name)
    {
        Tokenizer tokenizer = Tokenizer.Load(name == "novels-4m"
            ? RepositoryFiles.SharedOrSkip("models", name)
            : RepositoryFiles.SharedOrSkip("tokenizers", name));
        int count = 0;
        foreach (JsonElement golden in ReadGolden(name))
        {
            string text = golden.GetProperty("text").GetString()!;
            int[] ids = Ids(golden, "ids");
            int[] withoutSpecial = Ids(golden, "idsWithoutSpecial");
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(withoutSpecial, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(golden.GetProperty("decoded").GetString(), tokenizer.Decode(withoutSpecial, skipSpecialTokens: false));
            count++;
        }

        Assert.Equal(50, count);
    }

    // From the same golden file: these ids and the model in samples are our own, so that they run everywhere.
    [Theory]
    [InlineData("Hello world", new[] { 0, 74, 447, 113, 893 })]
    [InlineData("it's they'll I'M we've DON'T", new[] { 0, 273, 360, 464, 903, 298, 41, 79, 351, 1089, 511, 2571, 41, 86 })]
    [InlineData("a\u200Bzero\u200Dwidth", new[] { 0, 99, 2078, 141, 124, 270, 113, 2078, 143, 121, 311, 400 })]
    [InlineData("line one\r\nline two\r\n", new[] { 0, 110, 552, 459, 15, 12, 110, 552, 723, 15, 12 })]
    [InlineData("🦙🌲", new[] { 0, 242, 161, 168, 155, 242, 161, 142, 180 })]
    public void Encode_SampleModel_GoldenIds(string text, int[] expected)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.Get("samples", "novels-4m"));
        Assert.Equal(expected, tokenizer.Encode(text));
        Assert.Equal(text, tokenizer.Decode(expected));
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text), expected.Sum(tokenizer.ByteLength));
    }

    [Fact]
    public void Encode_SentencePieceFileOfLlama_EqualsItsJson()
    {
        using var folder = new TemporaryFolder();
        File.Copy(RepositoryFiles.SharedOrSkip("tokenizers", "llama", "tokenizer.model"), folder["tokenizer.model"]);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        int count = 0;
        foreach (JsonElement golden in ReadGolden("llama"))
        {
            string text = golden.GetProperty("text").GetString()!;
            if (text is "<s>" or "</s>")
            {
                continue; // plain text for SentencePiece
            }

            Assert.Equal(Ids(golden, "ids"), tokenizer.Encode(text));
            Assert.Equal(Ids(golden, "idsWithoutSpecial"), tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(golden.GetProperty("decoded").GetString(), tokenizer.Decode(Ids(golden, "ids")));
            count++;
        }

        Assert.Equal(48, count);
    }

    [Fact]
    public void Encode_MarkersInTextOfSentencePiece_ArePlainText()
    {
        using var folder = new TemporaryFolder();
        File.Copy(RepositoryFiles.SharedOrSkip("tokenizers", "llama", "tokenizer.model"), folder["tokenizer.model"]);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.DoesNotContain(1, tokenizer.Encode("<s>", addSpecialTokens: false));
        Assert.Equal("<s>", tokenizer.Decode(tokenizer.Encode("<s>")));
    }

    [Theory]
    [InlineData("stories260K")]
    [InlineData("tiny1m")]
    public void Encode_SentencePieceFileOfSmallModels_EqualsExpectedIds(string name)
    {
        JsonElement expected = StrictJson.ReadFile(RepositoryFiles.SharedOrSkip("models", "expected.json"));
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.SharedOrSkip("models", name));
        int[] ids = Ids(expected.GetProperty("models").GetProperty(name), "ids");
        Assert.Equal(ids, tokenizer.Encode(expected.GetProperty("text").GetString()!));
        Assert.Equal(1, tokenizer.BeginOfText);
        Assert.True(tokenizer.AddsBeginOfText);
    }

    [Theory]
    [InlineData("tokenizers", "llama")]
    [InlineData("models", "novels-4m")]
    public void Decode_NovelText_GivesTheTextBackWithAllBytesCounted(string parent, string name)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.SharedOrSkip(parent, name));
        string text = File.ReadAllText(RepositoryFiles.SharedOrSkip("text", "novels-calibration.txt"))[..100_000];
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(text, tokenizer.Decode(ids));

        // Llama puts one blank in front of the text, which is no part of it.
        int blank = name == "llama" ? 1 : 0;
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text) + blank, ids.Sum(tokenizer.ByteLength));
    }

    private static JsonElement.ArrayEnumerator ReadGolden(string name) =>
        StrictJson.ReadFile(RepositoryFiles.SharedOrSkip("tokenizers", "golden.json")).GetProperty(name).EnumerateArray();

    private static int[] Ids(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
