using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Generation;

public sealed class SelfCalibrationTests
{
    private const int BeginOfText = 4;

    private static readonly SelfCalibrationOptions Options = new() { Windows = 5, WindowLength = 40, Seed = 9 };

    [Fact]
    public void Write_EndOfText_NextTextBeginsInTheSameWindow()
    {
        using LoadedModel model = LoadedModel.Random();
        int[] ends = [2, 7, 11];
        int[][] windows = Write(model, Options, ends, BeginOfText);
        Assert.Equal(5, windows.Length);
        int texts = 0;
        foreach (int[] window in windows)
        {
            Assert.Equal(40, window.Length);
            Assert.Equal(BeginOfText, window[0]);
            for (int i = 1; i < window.Length; i++)
            {
                if (ends.Contains(window[i - 1]))
                {
                    Assert.Equal(BeginOfText, window[i]);
                    texts++;
                }
            }
        }

        Assert.True(texts > 3); // three of 24 tokens end a text: otherwise the loop above proved nothing
    }

    [Fact]
    public void Write_NoBeginOfText_RandomFirstTokens()
    {
        using LoadedModel model = LoadedModel.Random();
        int[] ends = [.. Enumerable.Range(0, 20)];
        int[][] windows = Write(model, Options with { Windows = 30 }, ends, null);

        // 20, 21, 22 and 23 end no text. 30 draws miss one of them with probability 4 · (3/4)^30 = 7e-4, and the seed is fixed.
        Assert.Equal([20, 21, 22, 23], windows.Select(window => window[0]).Distinct().Order());
        Assert.All(windows.SelectMany(window => window.Zip(window.Skip(1))), pair => Assert.True(pair.First >= 20 || pair.Second >= 20));
    }

    [Fact]
    public void Write_AnyThreadsAndMemory_SameText()
    {
        SelfCalibrationOptions options = Options with { WindowLength = 16 };
        using LoadedModel single = LoadedModel.Random(threads: 1);
        int[][] expected = Write(single, options, [2], BeginOfText);
        using LoadedModel team = LoadedModel.Random(threads: 3);
        Assert.Equal(expected, Write(team, options, [2], BeginOfText));

        // One byte: windows one by one; twice the bytes of one window: in pairs.
        long two = 2 * (KeyValueCache.BytesFor(single.Config, 16) + (24 * sizeof(float)));
        Assert.Equal(expected, Write(single, options with { CacheBytes = 1 }, [2], BeginOfText));
        Assert.Equal(expected, Write(single, options with { CacheBytes = two }, [2], BeginOfText));
    }

    [Fact]
    public void Write_MoreWindows_SameFirstOnes()
    {
        using LoadedModel model = LoadedModel.Random();
        int[][] few = Write(model, Options with { Windows = 2 }, [], BeginOfText);
        Assert.Equal(few, Write(model, Options, [], BeginOfText).Take(2));
        Assert.NotEqual(few[0], few[1]);
    }

    [Fact]
    public void Write_TemperatureZero_TextOfTheGenerator()
    {
        using LoadedModel model = LoadedModel.Random();
        int[] window = Write(model, Options with { Windows = 1, Temperature = 0 }, [], BeginOfText)[0];
        Assert.Equal(
            window.Skip(1), TextGenerator.Generate(model.Transformer, [BeginOfText], SamplingOptions.Greedy, 39, [], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Write_TemperatureOne_LossIsTheEntropyOfTheModel()
    {
        // A token drawn from p costs −ln p, which is the entropy of p on average. The differences are uncorrelated, so their mean over n tokens
        // has a standard error of sd / √n; a sampler off by one position, or at another temperature, is far beyond 5 of them.
        using LoadedModel model = LoadedModel.Random();
        int[][] windows = Write(model, Options with { Windows = 12, WindowLength = 100 }, [], BeginOfText);
        var differences = new List<double>();
        foreach (int[] window in windows)
        {
            float[][] logits = model.Logits(window);
            for (int i = 0; i + 1 < window.Length; i++)
            {
                double[] weights = [.. logits[i].Select(z => Math.Exp(z - logits[i].Max()))];
                double[] p = [.. weights.Select(w => w / weights.Sum())];
                double entropy = -p.Sum(x => x * Math.Log(x));
                differences.Add(-Math.Log(p[window[i + 1]]) - entropy);
            }
        }

        double mean = differences.Average();
        double error = Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / differences.Count / differences.Count);
        Assert.InRange(mean, -5 * error, 5 * error);
    }

    [Fact]
    public void Write_OptionsOutOfRange_NamesAllFaults()
    {
        using LoadedModel model = LoadedModel.Random();
        var options = new SelfCalibrationOptions { Windows = 0, WindowLength = 257, Temperature = -1, TopP = 0, CacheBytes = 0 };
        ArgumentException error = Assert.Throws<ArgumentException>(() => Write(model, options, [], null));
        Assert.All(
            new[] { "Windows is 0,", "WindowLength is 257 tokens, expected 2 to 256,", "CacheBytes is 0,", "Temperature is -1,", "TopP is 0," },
            fault => Assert.Contains(fault, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(24)]
    public void Write_BeginOfTextOutsideTheVocabulary_Throws(int beginOfText)
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(model, Options, [], beginOfText));
    }

    /// <summary>Three windows of four tokens, two of them at a time: every pass adds a token to each.</summary>
    [Fact]
    public void Write_Progress_TokensSoFar()
    {
        using LoadedModel model = LoadedModel.Random();
        var progress = new RecordedProgress<long>();
        long bytes = KeyValueCache.BytesFor(model.Config, 4) + (model.Config.VocabularySize * sizeof(float));
        var options = new SelfCalibrationOptions { Windows = 3, WindowLength = 4, CacheBytes = 2 * bytes };

        SelfCalibration.Write(model.Transformer, options, [], BeginOfText, progress, TestContext.Current.CancellationToken);

        Assert.Equal([2, 4, 6, 8, 9, 10, 11, 12], progress.Reports);
    }

    [Fact]
    public void Write_Cancelled_Ends()
    {
        using LoadedModel model = LoadedModel.Random();
        Assert.Throws<OperationCanceledException>(
            () => SelfCalibration.Write(model.Transformer, Options, [], BeginOfText, cancellationToken: new CancellationToken(canceled: true)));
    }

    private static int[][] Write(LoadedModel model, SelfCalibrationOptions options, int[] endIds, int? beginOfText) =>
        SelfCalibration.Write(model.Transformer, options, endIds, beginOfText, cancellationToken: TestContext.Current.CancellationToken);
}
