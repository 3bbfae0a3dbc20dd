using System.Text.Json;
using Niwaki.Datasets;
using Niwaki.Tests.Generation;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation;

/// <summary>Published models against ids, losses and logits of an independent float32 forward pass (models/expected.json of the shared data).</summary>
public sealed class ExpectedLossTests
{
    /// <summary>Largest difference over largest magnitude. The figures have four or five decimals.</summary>
    private const double Tolerance = 2e-4;

    [Theory]
    [InlineData("stories260K")]
    [InlineData("tiny1m")]
    public void Losses_SentenceOfAStory_AsExpected(string name)
    {
        using JsonDocument document = ReadExpected();
        JsonElement expected = document.RootElement.GetProperty("models").GetProperty(name);
        int[] ids = Ints(expected, "ids");
        Tokenizer tokenizer = Tokenizer.Load(Folder(name));
        Assert.Equal(ids, tokenizer.Encode(document.RootElement.GetProperty("text").GetString()!));

        using LoadedModel model = LoadedModel.Open(Folder(name));
        AssertClose([expected.GetProperty("mean_loss").GetDouble()], [Mean(model, [ids])]);
        float[] logits = model.Logits(ids)[^1];
        AssertClose([.. expected.GetProperty("last_logits_first8").EnumerateArray().Select(x => x.GetDouble())], [.. logits.Take(8).Select(x => (double)x)]);
        Assert.Equal(expected.GetProperty("argmax_last").GetInt32(), Array.IndexOf(logits, logits.Max()));
    }

    [Theory]
    [InlineData("stories260K")]
    [InlineData("tiny1m")]
    public void Losses_FiveStories_AsExpected(string name)
    {
        using JsonDocument document = ReadExpected();
        JsonElement expected = document.RootElement.GetProperty("models").GetProperty(name);
        Tokenizer tokenizer = Tokenizer.Load(Folder(name));
        using LoadedModel model = LoadedModel.Open(Folder(name));
        string text = TextFile.Read(RepositoryFiles.SharedOrSkip("text", "tinystories_sample_cs336.txt"));

        // Documents between separators, stripped; each with a begin-of-text token, in windows that overlap by one token.
        int[][] windows =
        [
            .. text.Split("<|endoftext|>", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .SelectMany(story => TextWindows.Rolling(tokenizer.Encode(story), model.Config.ContextLength)),
        ];
        Assert.Equal(expected.GetProperty("cs336_tokens").GetInt32(), windows.Sum(window => window.Length - 1));
        AssertClose([expected.GetProperty("cs336_loss").GetDouble()], [Mean(model, windows)]);
    }

    [Fact]
    public void Losses_HeldOutNovel_AsExpected()
    {
        using JsonDocument document = ReadExpected();
        JsonElement expected = document.RootElement.GetProperty("models").GetProperty("novels-4m");
        using LoadedModel model = LoadedModel.Open(Folder("novels-4m"));
        AssertClose([expected.GetProperty("mean_loss").GetDouble()], [Mean(model, [Ints(expected, "ids")])]);
    }

    private static string Folder(string name) => RepositoryFiles.SharedOrSkip("models", name);

    private static JsonDocument ReadExpected() => JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.SharedOrSkip("models", "expected.json")));

    private static int[] Ints(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(x => x.GetInt32())];

    private static double Mean(LoadedModel model, int[][] windows) =>
        model.Losses(windows).SelectMany(losses => losses).Average(loss => (double)loss);

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        double difference = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() / largest;
        TestContext.Current.TestOutputHelper?.WriteLine("Largest difference over largest magnitude: {0:E2}", difference);
        Assert.InRange(difference, 0, Tolerance);
    }
}
