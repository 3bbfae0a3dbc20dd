using System.Text.Json;
using Niwaki.Export.Gguf;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Export.Gguf;

/// <summary>Token ids of a stock llama.cpp from vocabularies that we wrote, beside ours; and ours from a GGUF file beside ours from the folder.</summary>
public sealed class StockLlamaTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", false, "default")]
    [InlineData("llama", true, "default")] // tokenizer.model beside tokenizer.json
    [InlineData("mistral", false, "default")]
    [InlineData("llama3.1", false, "llama-bpe")]
    [InlineData("qwen3", false, "qwen2")]
    [InlineData("smollm2", false, "smollm")]
    [InlineData("gpt2", false, "gpt-2")]
    [InlineData("novels-4m", false, "gpt-2")]
    public void Encode_GoldenTexts_EqualOurs(string name, bool withPieces, string pre)
    {
        string path = Export(name == "novels-4m" ? RepositoryFiles.SharedOrSkip("models", name) : RepositoryFiles.SharedOrSkip("tokenizers", name), withPieces);
        using var file = GgufFile.Open(path);
        Assert.Equal(pre, file.Metadata.GetString("tokenizer.ggml.pre"));
        var ours = Tokenizer.Load(path);
        using StockLlama peer = StockLlama.Load(path);
        var differences = new List<string>();
        foreach (JsonElement golden in Golden(name))
        {
            string text = golden.GetProperty("text").GetString()!;
            int[] expected = Ids(golden, "ids");
            Compare("ours from GGUF", text, expected, ours.Encode(text));
            Compare("llama.cpp", text, expected, peer.Tokenize(text, addSpecial: true));
        }

        Assert.Equal(string.Join('\n', Differences(name)), string.Join('\n', differences));

        void Compare(string who, string text, int[] expected, int[] found)
        {
            if (!expected.SequenceEqual(found))
            {
                differences.Add($"{who}: {text}");
            }
        }
    }

    /// <summary>The sample of the repository, on its own prose and on texts that are hard to take apart: what can be checked without any other file.</summary>
    [Fact]
    public void Encode_SampleTokenizer_EqualsOurs()
    {
        string path = Export(RepositoryFiles.Get("samples", "novels-4m"), withPieces: false);
        var ours = Tokenizer.Load(path);
        var folder = Tokenizer.Load(RepositoryFiles.Get("samples", "novels-4m"));
        using StockLlama peer = StockLlama.Load(path);
        string prose = File.ReadAllText(RepositoryFiles.Get("samples", "text", "evening-post.txt"));
        string[] texts = [.. prose.Chunk(700).Select(part => new string(part)), "", " ", "a", "  two  blanks", "tab\tand\r\nnewline\n\n", "don't I'LL we've", "1234567 3.14", "naïve café – “quoted” …", "日本語 한국어 🙂", "<|endoftext|> x"];
        foreach (string text in texts.Where(text => !char.IsHighSurrogate(text.LastOrDefault())))
        {
            int[] expected = folder.Encode(text);
            Assert.Equal(expected, ours.Encode(text));
            Assert.Equal(expected, peer.Tokenize(text, addSpecial: true));
        }
    }

    /// <summary>The texts that the engines take apart differently by design; docs/formats.md says why.</summary>
    private static string[] Differences(string name) => name switch
    {
        // SentencePiece files know no special tokens in texts; llama.cpp and tokenizer.json do.
        "llama" or "mistral" => ["ours from GGUF: <s>", "ours from GGUF: </s>"],

        // llama.cpp normalises nothing, and takes an ordinary token called </s> for an end of text.
        "qwen3" => ["llama.cpp: e\u0301 vs \u00e9", "llama.cpp: </s>"],

        // Digits other than 0 to 9 stand alone in one of the two only.
        "smollm2" => ["llama.cpp: ½ ² ③ Ⅷ"],
        _ => [],
    };

    private static IEnumerable<JsonElement> Golden(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.SharedOrSkip("tokenizers", "golden.json")));
        return [.. document.RootElement.GetProperty(name).EnumerateArray().Select(golden => golden.Clone())];
    }

    private static int[] Ids(JsonElement golden, string name) => [.. golden.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>A model of one narrow block with the tokenizer of a folder, as GGUF.</summary>
    private string Export(string source, bool withPieces)
    {
        var spec = new RandomCheckpointSpec { HeadDim = 16, Blocks = [new BlockShape(1, 1, 16)], TiedEmbeddings = true, VocabularySize = Tokenizer.Load(source).VocabularySize };
        RandomCheckpoint.Write(_folder["model"], spec);
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", .. withPieces ? (string[])["tokenizer.model"] : []])
        {
            if (File.Exists(Path.Combine(source, file)))
            {
                File.Copy(Path.Combine(source, file), Path.Combine(_folder["model"], file));
            }
        }

        using var checkpoint = Checkpoint.Open(_folder["model"]);
        GgufExport.Plan(checkpoint, ModelConfigReader.Read(checkpoint)).Write(_folder["m.gguf"], null, TestContext.Current.CancellationToken);
        return _folder["m.gguf"];
    }
}
