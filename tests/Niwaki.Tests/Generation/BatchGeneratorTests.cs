using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Generation;

public sealed class BatchGeneratorTests
{
    private const int MostTokens = 6;

    /// <summary>More prompts than pass at the same time, of different lengths.</summary>
    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 20).Select(i => Enumerable.Range(i, 1 + (i % 4)).Select(id => id % 24).ToArray())];

    [Fact]
    public void Generate_ManyPrompts_AsOneByOne()
    {
        using LoadedModel model = LoadedModel.Random();
        var progress = new RecordedProgress<RequestProgress>();

        int[][] found = BatchGenerator.Generate(model.Transformer, Prompts, MostTokens, [], _ => false, progress, TestContext.Current.CancellationToken);

        Assert.Equal(Prompts.Select(prompt => Alone(model, prompt)), found);

        // 16 prompts and 4, a pass for each token; 50 tokens of prompts, and of what is written all but the last token of each.
        Assert.Equal([0, 0, 0, 0, 0, 16, 16, 16, 16, 16, 16, 20], progress.Reports.Select(report => report.Done));
        Assert.Equal(50 + (20 * (MostTokens - 1)), progress.Reports[^1].Tokens);
    }

    [Fact]
    public void Generate_EndAndEnough_StopThere()
    {
        using LoadedModel model = LoadedModel.Random();
        int[] alone = Alone(model, Prompts[1]);

        int[][] ended = BatchGenerator.Generate(model.Transformer, [Prompts[1]], MostTokens, [alone[2]], _ => false, cancellationToken: TestContext.Current.CancellationToken);
        int[][] enough = BatchGenerator.Generate(model.Transformer, [Prompts[1]], MostTokens, [], ids => ids.Count == 2, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(alone[..Array.IndexOf(alone, alone[2])], ended[0]);
        Assert.Equal(alone[..2], enough[0]);
    }

    private static int[] Alone(LoadedModel model, int[] prompt) =>
        [.. TextGenerator.Generate(model.Transformer, prompt, SamplingOptions.Greedy, MostTokens, [], TestContext.Current.CancellationToken)];
}
