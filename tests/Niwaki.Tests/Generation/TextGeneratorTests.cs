using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Generation;

public sealed class TextGeneratorTests
{
    private static readonly int[] Prompt = [3, 17, 5];

    [Fact]
    public void Generate_TemperatureZero_MostProbableTokenOfFullPasses()
    {
        using LoadedModel model = LoadedModel.Random();
        var ids = new List<int>(Prompt);
        for (int i = 0; i < 12; i++)
        {
            float[] logits = model.Logits([.. ids])[^1];
            ids.Add(Array.IndexOf(logits, logits.Max()));
        }

        Assert.Equal(ids.Skip(Prompt.Length), Generate(model, Prompt, SamplingOptions.Greedy, 12, []));
    }

    [Theory]
    [InlineData("llama", null)]
    [InlineData("mistral", 5)]
    [InlineData("qwen2", null)]
    [InlineData("qwen3", null)]
    public void Extend_PiecesOfAnyLength_LogitsOfAFullPass(string modelType, int? slidingWindow)
    {
        using LoadedModel model = LoadedModel.Random(new RandomCheckpointSpec
        {
            ModelType = modelType,
            ExtraConfig = slidingWindow is null ? "{}" : $$"""{"sliding_window": {{slidingWindow}}}""",
            Blocks = [new BlockShape(4, 2, 12), new BlockShape(2, 2, 20), new BlockShape(0, 0, 8), new BlockShape(4, 1, 0)],
        });
        Assert.All(model.Config.SlidingWindows, window => Assert.Equal(slidingWindow, window));
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 24)];
        AssertExtendEqualsFullPass(model, ids, [7, 1, 1, 2, 9, 1, 19]);
    }

    [Fact]
    public void Extend_TokenByToken_LogitsOfAFullPassOfTheSample()
    {
        using LoadedModel model = LoadedModel.Novels();
        int[] ids = [0, .. Enumerable.Range(0, 31).Select(i => 300 + (i * 97 % 3000))];
        AssertExtendEqualsFullPass(model, ids, [.. Enumerable.Repeat(1, 32)]);
    }

    [Fact]
    public void Generate_AnyNumberOfThreads_SameTokens()
    {
        var options = new SamplingOptions(1.2, 20, 0.9, Seed: 77);
        using LoadedModel single = LoadedModel.Random(threads: 1);
        int[] expected = [.. Generate(single, Prompt, options, 15, [])];
        Assert.Equal(15, expected.Length);
        Assert.True(expected.Distinct().Count() > 4); // a sampler that always says the same would pass otherwise
        foreach (int threads in new[] { 2, 3 })
        {
            using LoadedModel model = LoadedModel.Random(threads: threads);
            Assert.Equal(expected, Generate(model, Prompt, options, 15, []));
        }
    }

    [Fact]
    public void Generate_OtherSeed_OtherTokens()
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.NotEqual(
            Generate(model, Prompt, new SamplingOptions(Seed: 1), 40, []),
            Generate(model, Prompt, new SamplingOptions(Seed: 2), 40, []));
    }

    [Fact]
    public void Generate_EndId_EndsInFrontOfIt()
    {
        using LoadedModel model = LoadedModel.Random();
        var options = new SamplingOptions(Seed: 5);
        int[] all = [.. Generate(model, Prompt, options, 40, [])];
        int end = all[20];
        Assert.Equal(all.TakeWhile(id => id != end), Generate(model, Prompt, options, 40, [end]));
    }

    [Fact]
    public void Generate_ContextFull_Ends()
    {
        using LoadedModel model = LoadedModel.Random(new RandomCheckpointSpec { ExtraConfig = """{"max_position_embeddings": 10}""" });
        Assert.Equal(7, Generate(model, Prompt, new SamplingOptions(), 100, []).Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Generate_PromptEmptyOrAsLongAsTheContext_ThrowsAtOnce(int tokens)
    {
        using LoadedModel model = LoadedModel.Random(new RandomCheckpointSpec { ExtraConfig = """{"max_position_embeddings": 10}""" });
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => Generate(model, new int[tokens], new SamplingOptions(), 1, []));
        Assert.StartsWith($"The prompt has {tokens} tokens, expected 1 to 9,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_OptionsOutOfRange_ThrowsAtOnce()
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.Throws<ArgumentException>(() => Generate(model, Prompt, new SamplingOptions(-1), 1, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Generate(model, Prompt, new SamplingOptions(), 0, []));
    }

    [Fact]
    public void Generate_Cancelled_EndsBeforeTheNextToken()
    {
        using LoadedModel model = LoadedModel.Random();
        using var source = new CancellationTokenSource();
        using IEnumerator<int> tokens = TextGenerator.Generate(model.Transformer, Prompt, new SamplingOptions(), 50, [], source.Token).GetEnumerator();
        Assert.True(tokens.MoveNext());
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => tokens.MoveNext());
    }

    private static IEnumerable<int> Generate(LoadedModel model, int[] prompt, SamplingOptions options, int maxTokens, int[] endIds) =>
        TextGenerator.Generate(model.Transformer, prompt, options, maxTokens, endIds, TestContext.Current.CancellationToken);

    /// <summary>Feeds a text in pieces, together with a shorter one in the same batch, and compares with passes without a cache.</summary>
    private static void AssertExtendEqualsFullPass(LoadedModel model, int[] ids, int[] pieces)
    {
        float[][] expected = model.Logits(ids);
        float[][] other = model.Logits([ids[1], .. ids[..pieces.Length]]);
        using var cache = new KeyValueCache(model.Config, ids.Length);
        using var otherCache = new KeyValueCache(model.Config, pieces.Length + 1);
        using var buffer = new NativeBuffer<float>(2L * model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, 2, model.Config.VocabularySize);
        int first = 0;
        double difference = 0;
        for (int i = 0; i < pieces.Length; i++)
        {
            int[] otherPiece = i == 0 ? [ids[1], ids[0]] : [ids[i]];
            model.Transformer.Extend([otherCache, cache], [otherPiece, ids[first..(first + pieces[i])]], logits);
            first += pieces[i];
            difference = Math.Max(difference, RelativeDifference(other[i + 1], logits[0]));
            difference = Math.Max(difference, RelativeDifference(expected[first - 1], logits[1]));
        }

        Assert.Equal(ids.Length, first);
        TestContext.Current.TestOutputHelper?.WriteLine("Largest difference over largest magnitude: {0:E2}", difference);
        Assert.InRange(difference, 0, 1e-5); // the order of sums inside attention may differ, nothing else
    }

    private static double RelativeDifference(float[] expected, ReadOnlySpan<float> actual)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]));
        }

        return largest / expected.Max(Math.Abs);
    }
}
