namespace Niwaki.Models;

/// <summary>Whole passes over sets of windows of any size, cut so that the residual stream fits the memory plan.</summary>
public static class ForwardPass
{
    /// <summary>Losses of windows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="gates">Gates of every window, or null where all are open.</param>
    /// <param name="tap">Receives activations, or null.</param>
    /// <param name="progress">Told after every block of a set of windows; null: nobody.</param>
    /// <param name="cancellationToken">Ends the pass between two sets of windows.</param>
    /// <returns>For every window [length − 1] losses in nats; element t belongs to token t + 1.</returns>
    /// <exception cref="OperationCanceledException">The pass was ended.</exception>
    public static float[][] Losses(
        Transformer model,
        IReadOnlyList<int[]> windows,
        IReadOnlyList<ModelGates?>? gates = null,
        ActivationTap? tap = null,
        IProgress<PassProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        float[][] losses = new float[windows.Count][];
        var tracker = new PassTracker(windows, model.Config.Blocks.Count + 1, progress); // the output head counts as a block
        foreach ((int first, int count) in Cut(model, windows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ModelGates?[]? setGates = gates is null ? null : [.. gates.Skip(first).Take(count)];
            LossesOfSet(model, [.. windows.Skip(first).Take(count)], setGates, tap, tracker).CopyTo(losses, first);
        }

        return losses;
    }

    /// <summary>Mean loss of a sub-model over all predicted tokens of some windows, summed in float64.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="gates">Gates, the same for all windows; null: all open.</param>
    /// <param name="cancellationToken">Ends the pass between two sets of windows.</param>
    /// <returns>Nats per token.</returns>
    /// <exception cref="OperationCanceledException">The pass was ended.</exception>
    public static double MeanLoss(
        Transformer model, IReadOnlyList<int[]> windows, ModelGates? gates = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        ModelGates?[]? perWindow = gates is null ? null : [.. Enumerable.Repeat(gates, windows.Count)];
        return Mean(Losses(model, windows, perWindow, cancellationToken: cancellationToken));
    }

    /// <summary>Mean over all predicted tokens, summed in float64.</summary>
    /// <param name="losses">Losses of windows, one predicted token or more.</param>
    public static double Mean(IReadOnlyList<float[]> losses) =>
        losses.Sum(window => window.Sum(loss => (double)loss)) / losses.Sum(window => (long)window.Length);

    /// <summary>Sets of consecutive windows whose residual stream fits, one window at least.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token ids.</param>
    /// <returns>First window and number of windows of every set.</returns>
    public static IEnumerable<(int First, int Count)> Cut(Transformer model, IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        int first = 0;
        while (first < windows.Count)
        {
            int count = 0;
            long tokens = 0;
            do
            {
                tokens += windows[first + count].Length;
                count++;
            }
            while (first + count < windows.Count
                && ResidualStream.BytesFor(tokens + windows[first + count].Length, model.Config.HiddenSize) <= model.Memory.StreamBytes);

            yield return (first, count);
            first += count;
        }
    }

    private static float[][] LossesOfSet(Transformer model, int[][] windows, ModelGates?[]? gates, ActivationTap? tap, PassTracker tracker)
    {
        tracker.Begin(windows);
        using ResidualStream stream = model.Embed(windows);
        tracker.RunBlocks(model, stream, gates, tap);
        float[][] losses = model.Losses(stream);
        tracker.End(losses);
        return losses;
    }
}
