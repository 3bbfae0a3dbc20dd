namespace Niwaki.Models;

/// <summary>What a dense model says about some windows, kept so that sub-models of it can be compared token by token.</summary>
/// <remarks>
/// Keeps the residual stream behind the last block, [tokens, hidden] float32, and makes the logits of a tile of tokens anew for every comparison:
/// no [tokens, vocabulary] exists. Costs a second output head for each comparison. Sub-models must have the output head and final norm of the dense model.
/// </remarks>
public sealed class DenseReference : IDisposable
{
    private readonly IReadOnlyList<int[]> _windows;
    private readonly List<(int First, ResidualStream Stream)> _sets = [];

    private DenseReference(IReadOnlyList<int[]> windows) => _windows = windows;

    /// <summary>Passes windows through a dense model.</summary>
    /// <param name="dense">The model; not owned.</param>
    /// <param name="windows">Token ids.</param>
    public static DenseReference Create(Transformer dense, IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(dense);
        var reference = new DenseReference(windows);
        try
        {
            foreach ((int first, int count) in ForwardPass.Cut(dense, windows))
            {
                reference._sets.Add((first, dense.Embed([.. windows.Skip(first).Take(count)])));
                dense.RunBlocks(reference._sets[^1].Stream, 0, dense.Config.Blocks.Count);
            }

            return reference;
        }
        catch
        {
            reference.Dispose();
            throw;
        }
    }

    /// <summary>The stream behind the last block of every set of windows that <see cref="ForwardPass.Cut"/> makes.</summary>
    internal ResidualStream Stream(int set) => _sets[set].Stream;

    /// <summary>KL(dense ‖ sub-model) of the next-token distribution, mean over all tokens but the last of every window.</summary>
    /// <remarks>See <see cref="Transformer.Divergences"/>; the same bits for any number of threads.</remarks>
    /// <param name="model">The sub-model.</param>
    /// <param name="gates">Its gates, the same for all windows; null: open.</param>
    /// <returns>Nats per token; NaN or infinite where the sub-model is.</returns>
    public double MeanDivergence(Transformer model, ModelGates? gates)
    {
        ArgumentNullException.ThrowIfNull(model);
        double sum = 0;
        long tokens = 0;
        foreach ((int first, ResidualStream dense) in _sets)
        {
            int[][] windows = [.. _windows.Skip(first).Take(dense.Windows.Count)];
            sum += SumOfSet(model, gates, dense, windows);
            tokens += windows.Sum(window => window.Length - 1L);
        }

        return sum / tokens;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach ((_, ResidualStream stream) in _sets)
        {
            stream.Dispose();
        }

        _sets.Clear();
    }

    private static double SumOfSet(Transformer model, ModelGates? gates, ResidualStream dense, int[][] windows)
    {
        using ResidualStream stream = model.Embed(windows);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count, gates is null ? null : [.. Enumerable.Repeat(gates, windows.Length)]);
        double[] divergences = model.Divergences(dense, stream);
        return windows.Select((window, i) => divergences.AsSpan(dense.FirstRow(i), window.Length - 1).ToArray().Sum()).Sum();
    }
}
