using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>What a dense model says about some windows, kept so that sub-models of it can be compared token by token.</summary>
/// <remarks>
/// Keeps the residual stream behind the last block, [tokens, hidden] float32, and makes the logits of a tile of tokens anew for every comparison:
/// no [tokens, vocabulary] exists. Costs a second output head for each comparison. Sub-models have the same output head and final norm.
/// </remarks>
public sealed class DenseReference : IDisposable
{
    /// <summary>Tokens whose logits exist at a time.</summary>
    private const int TileRows = 64;

    private readonly Transformer _dense;
    private readonly IReadOnlyList<int[]> _windows;
    private readonly List<(int First, ResidualStream Stream)> _sets = [];

    private DenseReference(Transformer dense, IReadOnlyList<int[]> windows)
    {
        _dense = dense;
        _windows = windows;
    }

    /// <summary>Passes windows through a dense model.</summary>
    /// <param name="dense">The model; used again in comparisons, not owned.</param>
    /// <param name="windows">Token ids.</param>
    public static DenseReference Create(Transformer dense, IReadOnlyList<int[]> windows)
    {
        ArgumentNullException.ThrowIfNull(dense);
        var reference = new DenseReference(dense, windows);
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

    /// <summary>KL(dense ‖ sub-model) of the next-token distribution, mean over all tokens but the last of every window.</summary>
    /// <remarks>Σ_v p(v) (ln p(v) − ln q(v)); logits float32, sums float64; the same bits for any number of threads.</remarks>
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

    private double SumOfSet(Transformer model, ModelGates? gates, ResidualStream dense, int[][] windows)
    {
        using ResidualStream stream = model.Embed(windows);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count, gates is null ? null : [.. Enumerable.Repeat(gates, windows.Length)]);
        int[] rows = [.. Enumerable.Range(0, windows.Length).SelectMany(i => Enumerable.Range(dense.FirstRow(i), windows[i].Length - 1))];
        double sum = 0;
        foreach (int[] tile in rows.Chunk(TileRows))
        {
            sum += SumOf(model, stream, dense, tile);
        }

        return sum;
    }

    private double SumOf(Transformer model, ResidualStream stream, ResidualStream dense, int[] rows)
    {
        int vocabulary = model.Config.VocabularySize;
        using var buffer = new NativeBuffer<float>(2L * rows.Length * vocabulary);
        var both = new TensorView<float>(buffer, 2 * rows.Length, vocabulary);
        _dense.Logits(dense, rows, both.SliceRows(0, rows.Length));
        model.Logits(stream, rows, both.SliceRows(rows.Length, rows.Length));
        double[] divergences = new double[rows.Length];
        unsafe
        {
            float* logits = buffer.Pointer;
            model.ForEach(rows.Length, i => divergences[i] = Divergence(
                new ReadOnlySpan<float>(logits + ((long)i * vocabulary), vocabulary),
                new ReadOnlySpan<float>(logits + ((long)(rows.Length + i) * vocabulary), vocabulary)));
        }

        return divergences.Sum();
    }

    private static double Divergence(ReadOnlySpan<float> dense, ReadOnlySpan<float> other)
    {
        double denseLog = LogSum(dense);
        double otherLog = LogSum(other);
        double sum = 0;
        for (int v = 0; v < dense.Length; v++)
        {
            double logP = dense[v] - denseLog;
            sum += Math.Exp(logP) * (logP - (other[v] - otherLog));
        }

        return sum;
    }

    private static double LogSum(ReadOnlySpan<float> logits)
    {
        float highest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp((double)logit - highest);
        }

        return highest + Math.Log(sum);
    }
}
