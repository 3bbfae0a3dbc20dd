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

    /// <summary>Measures on windows cut by <see cref="Datasets.TextWindows.NonOverlapping"/>, as <see cref="GptqProtocol"/>.</summary>
    /// <remarks>Losses are float32, their sums float64. The same bits for every number of threads at one vector width.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="windows">[windows][window] token ids, 1 window of 2 tokens or more, all of the same length.</param>
    /// <param name="tokenizer">The model's tokenizer, for the bits per byte; null: none are given.</param>
    /// <param name="gates">Which units are on, the same for all windows; null: all.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
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
        IProgress<PassProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var text = new ScoredText(GptqProtocol, CommonLength(windows), [.. windows.Select(ids => new ScoredWindow(ids))], ErrorUnit.Windows);
        return Measure(model, text, tokenizer, gates, progress, cancellationToken);
    }

    /// <summary>Measures on a text as a protocol cuts it.</summary>
    /// <remarks>The mean is taken over all scored tokens alike.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="text">The text.</param>
    /// <param name="tokenizer">The model's tokenizer, for the bits per byte; null: none are given where the protocol counts no bytes.</param>
    /// <param name="gates">Which units are on, the same for all windows; null: all.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
    /// <param name="cancellationToken">Ends the measuring between two sets of windows.</param>
    /// <exception cref="ArgumentException">There is nothing to score.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLossException">The loss of a scored token is no finite number.</exception>
    /// <exception cref="OperationCanceledException">The measuring was ended.</exception>
    public static PerplexityResult Measure(
        Transformer model,
        ScoredText text,
        Tokenizer? tokenizer = null,
        ModelGates? gates = null,
        IProgress<PassProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(text);
        if (text.Scored < 1)
        {
            throw new ArgumentException(FormattableString.Invariant($"{text.Windows.Count} windows with {text.Scored} tokens to score, expected 1 or more."), nameof(text));
        }

        int[][] windows = [.. text.Windows.Select(window => window.Ids)];
        ModelGates?[]? perWindow = gates is null ? null : [.. Enumerable.Repeat(gates, windows.Length)];
        float[][] losses = ForwardPass.Losses(model, windows, perWindow, progress: progress, cancellationToken: cancellationToken);
        ThrowIfNotFinite(text, losses);
        return Result(text, losses, tokenizer);
    }

    private static PerplexityResult Result(ScoredText text, float[][] losses, Tokenizer? tokenizer)
    {
        ErrorUnit unit = UnitOf(text);
        ClusteredMean mean = Clusters(text, losses, unit);
        long bytes = text.Bytes ?? (tokenizer is null ? 0 : text.Windows.Sum(window => window.Ids.Skip(window.FirstScored).Sum(id => (long)tokenizer.ByteLength(id))));
        return new PerplexityResult(
            text.Protocol, text.Window, mean.Count, mean.Mean, Math.Exp(mean.Mean), bytes > 0 ? mean.Sum / Math.Log(2) / bytes : null, mean.Error(), unit)
        {
            Documents = text.Documents,
            WordPerplexity = text.Words is { } words ? Math.Exp(mean.Sum / words) : null,
            BytePerplexity = text.Bytes is { } all ? Math.Exp(mean.Sum / all) : null,
        };
    }

    /// <summary>What the standard error can rest on: a single document says nothing about a spread.</summary>
    internal static ErrorUnit UnitOf(ScoredText text) => text is { ErrorUnit: ErrorUnit.Documents, Documents: < 2 } ? ErrorUnit.Windows : text.ErrorUnit;

    private static ClusteredMean Clusters(ScoredText text, float[][] losses, ErrorUnit unit)
    {
        var mean = new ClusteredMean();
        if (unit == ErrorUnit.Tokens)
        {
            foreach (float loss in text.Windows.SelectMany((window, i) => losses[i].Skip(window.FirstScored - 1)))
            {
                mean.Add(loss, 1);
            }

            return mean;
        }

        foreach (IGrouping<int, int> cluster in Enumerable.Range(0, losses.Length).GroupBy(i => unit == ErrorUnit.Documents ? text.Windows[i].Document : i))
        {
            double sum = cluster.Sum(i => losses[i].Skip(text.Windows[i].FirstScored - 1).Sum(loss => (double)loss));
            mean.Add(sum, cluster.Sum(i => (long)text.Windows[i].Scored));
        }

        return mean;
    }

    private static void ThrowIfNotFinite(ScoredText text, float[][] losses)
    {
        for (int window = 0; window < losses.Length; window++)
        {
            for (int token = text.Windows[window].FirstScored; token <= losses[window].Length; token++)
            {
                if (!float.IsFinite(losses[window][token - 1]))
                {
                    throw new NonFiniteLossException(window, token, losses[window][token - 1]);
                }
            }
        }
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
}
