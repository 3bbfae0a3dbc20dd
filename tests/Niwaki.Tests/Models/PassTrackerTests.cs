using Niwaki.Models;
using Niwaki.Tests.Generation;

namespace Niwaki.Tests.Models;

public class PassTrackerTests
{
    /// <summary>8 and 4 tokens in three steps each, with losses 1, 2 and 3, 3: 8/3 and 16/3 of 12 tokens, then all 8, then 9.3, 10.7 and 12.</summary>
    [Fact]
    public void Report_TwoSets_SharesTokensAndMeanLoss()
    {
        var progress = new RecordedProgress<PassProgress>();
        int[][] windows = [new int[5], new int[3], new int[4]];
        var tracker = new PassTracker(windows, 3, progress);
        foreach ((int[][] set, float[][]? losses) in (List<(int[][], float[][]?)>)[(windows[..2], [[1], [2]]), (windows[2..], [[3, 3]])])
        {
            tracker.Begin(set);
            tracker.Step();
            tracker.Step();
            tracker.End(losses);
        }

        Assert.Equal([2, 5, 8, 9, 10, 12], progress.Reports.Select(report => report.Tokens));
        Assert.Equal([2 / 12.0, 5 / 12.0, 8 / 12.0, 9 / 12.0, 10 / 12.0, 1], progress.Reports.Select(report => report.Done));
        Assert.Equal([null, null, 1.5, 1.5, 1.5, 2.25], progress.Reports.Select(report => report.LossNats));
    }

    [Fact]
    public void Losses_Progress_EveryBlockAndTheEnd()
    {
        using LoadedModel model = LoadedModel.Random();
        var progress = new RecordedProgress<PassProgress>();
        int[][] windows = [[1, 2, 3], [4, 5, 6]];

        float[][] losses = ForwardPass.Losses(model.Transformer, windows, progress: progress, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([2L, 4, 6], progress.Reports.Select(report => report.Tokens)); // two blocks and the head
        Assert.Equal(ForwardPass.Mean(losses), progress.Reports[^1].LossNats!.Value, 12);
    }
}
