using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Evaluation;

/// <summary>Measures how well a model predicts a text.</summary>
public static class Perplexity
{
    /// <summary>
    /// The protocol of most pruning and quantisation papers since GPTQ (arXiv 2210.17323): the whole text tokenised once, with a begin-of-text token only
    /// at its very start and only where the tokenizer adds it; consecutive windows, the last partial one dropped; in every window all
    /// tokens but the first are scored. Name text and window beside it, such as "wikitext2-gptq-2048".
    /// </summary>
    public const string GptqProtocol = "gptq";

    /// <summary>Measures on windows cut by <see cref="Datasets.TextWindows.NonOverlapping"/>.</summary>
    /// <remarks>Losses are float32, their sums float64. The same bits for every number of threads at one vector width.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="windows">[windows][window] token ids, 1 window of 2 tokens or more, all of the same length.</param>
    /// <param name="tokenizer">The model's tokenizer, for the bits per byte; null: none are given.</param>
    /// <param name="gates">Which units are on, the same for all windows; null: all.</param>
    /// <param name="cancellationToken">Ends the measuring between two sets of windows.</param>
    /// <exception cref="ArgumentException">There is no window, or the windows differ in length or are shorter than 2 tokens.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLossException">A loss is no finite number.</exception>
    /// <exception cref="OperationCanceledException">The measuring was ended.</exception>
    public static PerplexityResult Measure(
        Transformer model,
        IReadOnlyList<int[]> windows,
        Tokenizer? tokenizer = null,
        ModelGates? gates = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        int window = CommonLength(windows);
        ModelGates?[]? perWindow = gates is null ? null : [.. Enumerable.Repeat(gates, windows.Count)];
        float[][] losses = ForwardPass.Losses(model, windows, perWindow, cancellationToken: cancellationToken);
        double[] sums = [.. losses.Select(Sum)];
        long tokens = (long)windows.Count * (window - 1);
        double total = sums.Sum();
        double nll = total / tokens;
        long bytes = tokenizer is null ? 0 : windows.Sum(ids => ids.Skip(1).Sum(id => (long)tokenizer.ByteLength(id)));
        double? bitsPerByte = bytes > 0 ? total / Math.Log(2) / bytes : null;
        return new PerplexityResult(GptqProtocol, window, tokens, nll, Math.Exp(nll), bitsPerByte, StandardError(sums, window - 1));
    }

    private static int CommonLength(IReadOnlyList<int[]> windows)
    {
        int window = windows.Count == 0 ? 0 : windows[0].Length;
        if (window < 2)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{windows.Count} windows of {window} tokens, expected 1 window of 2 tokens or more."), nameof(windows));
        }

        for (int i = 1; i < windows.Count; i++)
        {
            if (windows[i].Length != window)
            {
                throw new ArgumentException(
                    FormattableString.Invariant($"Window {i} has {windows[i].Length} tokens, expected {window}, as window 0."), nameof(windows));
            }
        }

        return window;
    }

    private static double Sum(float[] losses, int window)
    {
        double sum = 0;
        for (int i = 0; i < losses.Length; i++)
        {
            if (!float.IsFinite(losses[i]))
            {
                throw new NonFiniteLossException(window, i + 1, losses[i]);
            }

            sum += losses[i];
        }

        return sum;
    }

    /// <summary>Root of the unbiased variance of the window means over the number of windows.</summary>
    private static double? StandardError(double[] sums, int tokensPerWindow)
    {
        if (sums.Length < 2)
        {
            return null;
        }

        double mean = sums.Average();
        double variance = sums.Sum(sum => (sum - mean) * (sum - mean)) / (sums.Length - 1);
        return Math.Sqrt(variance / sums.Length) / tokensPerWindow;
    }
}
