using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Models;
using Niwaki.Tests.Generation;
using Niwaki.Tokenizers;

namespace Niwaki.Tests.Evaluation;

public sealed class PerplexityTests
{
    private static readonly int[][] Windows = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]];

    [Fact]
    public void Measure_ModelThatKnowsNothing_PerplexityIsTheVocabulary()
    {
        // A final norm of zeros makes all 24 logits equal: every token has probability 1/24 in every window.
        using LoadedModel model = LoadedModel.Random(edit: folder => LoadedModel.Fill(folder, TensorNames.FinalNorm, 0));
        PerplexityResult result = Measure(model, Windows);
        Assert.Equal("gptq", result.Protocol);
        Assert.Equal(4, result.Window);
        Assert.Equal(9, result.Tokens);
        Assert.Equal(Math.Log(24), result.Nll, 6);
        Assert.Equal(24, result.Perplexity, 4);
        Assert.Null(result.BitsPerByte);
        Assert.NotNull(result.StandardError);
        Assert.InRange(result.StandardError.Value, 0, 1e-7);
    }

    [Fact]
    public void Measure_AnyModel_MeanAndStandardErrorOfTheWindows()
    {
        using LoadedModel model = LoadedModel.Random();
        double[] means = [.. model.Losses(Windows).Select(losses => losses.Average(loss => (double)loss))];
        PerplexityResult result = Measure(model, Windows);
        Assert.Equal(means.Average(), result.Nll, 12);
        Assert.Equal(Math.Exp(means.Average()), result.Perplexity, 9);

        // Variance of three values from their differences: ((a−b)² + (a−c)² + (b−c)²) / 6; over the number of windows, root.
        double variance = (Square(means[0] - means[1]) + Square(means[0] - means[2]) + Square(means[1] - means[2])) / 6;
        Assert.Equal(Math.Sqrt(variance / 3), result.StandardError!.Value, 12);
    }

    [Fact]
    public void Measure_OneWindow_NoStandardError()
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.Null(Measure(model, [Windows[0]]).StandardError);
    }

    [Fact]
    public void Measure_Gates_HoldForEveryWindow()
    {
        using LoadedModel model = LoadedModel.Random();
        var gates = new ModelGates(2);
        gates[1].CloseBlock();
        double expected = model.Losses(Windows, [gates, gates, gates]).SelectMany(l => l).Average(l => (double)l);
        Assert.Equal(expected, Measure(model, Windows, gates: gates).Nll, 12);
        Assert.NotEqual(expected, Measure(model, Windows).Nll, 3);
    }

    [Fact]
    public void Measure_Text_BitsPerByteCountTheScoredTokens()
    {
        using LoadedModel model = LoadedModel.Novels();
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.Get("samples", "novels-4m"));
        int[] ids = tokenizer.Encode(TextFile.Read(RepositoryFiles.Get("samples", "text", "evening-post.txt")));
        int[][] windows = TextWindows.NonOverlapping(ids, 128, 4);
        PerplexityResult result = Measure(model, windows, tokenizer);

        // All bytes of the text but those of the first token of each window. Windows may cut a character, so text cannot be compared directly.
        int bytes = windows.Sum(window => window.Skip(1).Sum(tokenizer.ByteLength));
        Assert.Equal(508, result.Tokens); // 4 · 127
        Assert.Equal(result.Nll * 508 / Math.Log(2) / bytes, result.BitsPerByte!.Value, 9);
        Assert.InRange(result.BitsPerByte.Value, 1, 2); // English by a model of 4 million parameters; 8 would be chance over bytes
    }

    [Fact]
    public void Measure_WindowsOfTwoLengths_Throws()
    {
        using LoadedModel model = LoadedModel.Random();
        ArgumentException error = Assert.Throws<ArgumentException>(() => Measure(model, [[1, 2, 3], [4, 5]]));
        Assert.StartsWith("Window 1 has 2 tokens, expected 3, as window 0.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_NothingToScore_Throws()
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.Throws<ArgumentException>(() => Measure(model, []));
        Assert.Throws<ArgumentException>(() => Measure(model, [[1], [2]]));
    }

    [Fact]
    public void Measure_WeightsThatAreNoNumbers_ThrowsWithThePlace()
    {
        using LoadedModel model = LoadedModel.Random(edit: folder => LoadedModel.Fill(folder, TensorNames.FinalNorm, float.NaN));
        NonFiniteLossException error = Assert.Throws<NonFiniteLossException>(() => Measure(model, Windows));
        Assert.Equal((0, 1), (error.Window, error.Position));
    }

    [Fact]
    public void Measure_AnyNumberOfThreads_SameBits()
    {
        using LoadedModel single = LoadedModel.Random(threads: 1);
        using LoadedModel team = LoadedModel.Random(threads: 3);
        Assert.Equal(Measure(single, Windows), Measure(team, Windows));
    }

    private static PerplexityResult Measure(LoadedModel model, int[][] windows, Tokenizer? tokenizer = null, ModelGates? gates = null) =>
        Perplexity.Measure(model.Transformer, windows, tokenizer, gates, cancellationToken: TestContext.Current.CancellationToken);

    private static double Square(double x) => x * x;
}
