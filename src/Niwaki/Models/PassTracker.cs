namespace Niwaki.Models;

/// <summary>Counts what passed through the blocks, for <see cref="PassProgress"/>.</summary>
/// <param name="windows">All windows.</param>
/// <param name="steps">Equal parts that the pass of a set has.</param>
/// <param name="progress">Told after each of them; null: nobody.</param>
internal sealed class PassTracker(IReadOnlyList<int[]> windows, int steps, IProgress<PassProgress>? progress)
{
    private readonly long _total = windows.Sum(window => (long)window.Length);
    private long _passed, _set, _scored;
    private int _step;
    private double _lossSum;

    /// <summary>A set of windows begins.</summary>
    public void Begin(int[][] set) => (_set, _step) = (set.Sum(window => (long)window.Length), 0);

    /// <summary>A step of the set is done.</summary>
    public void Step()
    {
        _step++;
        Report(_passed + (_set * _step / steps));
    }

    /// <summary>Passes a set through all blocks, a step each.</summary>
    public void RunBlocks(Transformer model, ResidualStream stream, IReadOnlyList<ModelGates?>? gates = null, ActivationTap? tap = null)
    {
        for (int block = 0; block < model.Config.Blocks.Count; block++)
        {
            model.RunBlocks(stream, block, block + 1, gates, tap);
            Step();
        }
    }

    /// <summary>The set is done, with losses where they were computed.</summary>
    public void End(float[][]? losses = null)
    {
        _passed += _set;
        _scored += losses?.Sum(window => (long)window.Length) ?? 0;
        _lossSum += losses?.Sum(window => window.Sum(loss => (double)loss)) ?? 0;
        Report(_passed);
    }

    private void Report(long passed) => progress?.Report(new PassProgress(_total == 0 ? 1 : (double)passed / _total, passed, _scored > 0 ? _lossSum / _scored : null));
}
