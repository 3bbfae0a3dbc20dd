using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Evaluation;

/// <summary>Compares the logits of two models on the same tokens.</summary>
/// <remarks>The residual streams of a set of windows are kept, the logits of a tile of tokens at a time. Sums are float64, in the order of the tokens.</remarks>
public static class LogitComparison
{
    /// <summary>Passes windows through both models.</summary>
    /// <param name="reference">The model that is right.</param>
    /// <param name="other">The model to compare.</param>
    /// <param name="windows">Token ids, one or more each.</param>
    /// <param name="gates">Gates of the reference, the same for all windows; null: open.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
    /// <param name="cancellationToken">Ends the comparison between two sets of windows.</param>
    /// <exception cref="VerificationException">The vocabularies differ in size, or there is no token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="OperationCanceledException">The comparison was ended.</exception>
    public static LogitDifference Measure(
        Transformer reference,
        Transformer other,
        IReadOnlyList<int[]> windows,
        ModelGates? gates = null,
        IProgress<PassProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(windows);
        var sum = new LogitSums();
        LogitPairs.Visit(
            (reference, other), windows, gates, (_, _) => true, (_, _, expected, found) => RowDifference.Of(expected, found), sum.Add, progress, cancellationToken);
        return sum.Tokens > 0
            ? sum.Result()
            : throw new VerificationException($"{windows.Count} windows hold no token, expected at least one. Give a longer text.");
    }

    /// <summary>The logits of a model behind every token of a window, [tokens, vocabulary], to be compared when another model has its place in memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="window">Token ids, one or more.</param>
    /// <param name="gates">Its gates; null: open.</param>
    /// <param name="logits">[tokens, vocabulary], written.</param>
    internal static void Logits(Transformer model, int[] window, ModelGates? gates, NativeBuffer<float> logits)
    {
        using ResidualStream stream = model.Embed([window]);
        model.RunBlocks(stream, 0, model.Config.Blocks.Count, gates is null ? null : [gates]);
        model.Logits(stream, [.. Enumerable.Range(0, window.Length)], new TensorView<float>(logits, window.Length, model.Config.VocabularySize));
    }

    /// <summary>Compares logits of the same tokens.</summary>
    /// <param name="expected">[tokens, vocabulary] logits of the model that is right.</param>
    /// <param name="found">Those of the model to compare.</param>
    /// <param name="vocabulary">Ids of both.</param>
    internal static LogitDifference Of(NativeBuffer<float> expected, NativeBuffer<float> found, int vocabulary)
    {
        int tokens = (int)(expected.Length / vocabulary);
        TensorView<float> right = new(expected, tokens, vocabulary), other = new(found, tokens, vocabulary);
        var sum = new LogitSums();
        for (int token = 0; token < tokens; token++)
        {
            sum.Add(RowDifference.Of(right[token], other[token]));
        }

        return sum.Result();
    }

    /// <summary>Windows of random token ids: any form of a model can be compared on them, without a text.</summary>
    /// <param name="config">The model.</param>
    /// <param name="seed">Seed of the ids.</param>
    /// <param name="count">Windows.</param>
    /// <param name="length">Tokens of a window, at most; the context bounds them too.</param>
    public static int[][] RandomWindows(ModelConfig config, long seed = 0, int count = 4, int length = 64)
    {
        ArgumentNullException.ThrowIfNull(config);
        var random = new SeededRandom(seed);
        int tokens = Math.Min(length, config.ContextLength);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, tokens).Select(_ => random.NextInt(config.VocabularySize)).ToArray())];
    }

    /// <summary>Sums over positions.</summary>
    private sealed class LogitSums
    {
        private double _largest, _absolute, _reference, _largestRelative, _divergence, _largestDivergence;
        private long _logits, _sameTop;

        public long Tokens { get; private set; }

        public void Add(RowDifference row)
        {
            Tokens++;
            _logits += row.Logits;
            _largest = Math.Max(_largest, row.Largest);
            _absolute += row.Absolute;
            _reference += row.Reference;
            _largestRelative = Math.Max(_largestRelative, Ratio(row.Largest, row.LargestReference));
            _divergence += row.Divergence;
            _largestDivergence = Math.Max(_largestDivergence, row.Divergence);
            _sameTop += row.SameTop ? 1 : 0;
        }

        public LogitDifference Result() => new(
            Tokens, _largest, _absolute / _logits, _largestRelative, Ratio(_absolute, _reference), _divergence / Tokens, _largestDivergence, (double)_sameTop / Tokens);

        private static double Ratio(double difference, double reference) => difference == 0 ? 0 : difference / reference;
    }

    /// <summary>The difference at one position.</summary>
    private readonly record struct RowDifference(
        int Logits, double Largest, double Absolute, double LargestReference, double Reference, double Divergence, bool SameTop)
    {
        public static RowDifference Of(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
        {
            double largest = 0, absolute = 0, largestReference = 0, reference = 0;
            int expectedTop = 0, foundTop = 0;
            for (int v = 0; v < expected.Length; v++)
            {
                double difference = Difference(expected[v], found[v]);
                largest = Math.Max(largest, difference);
                absolute += difference;
                double size = float.IsFinite(expected[v]) ? Math.Abs(expected[v]) : 0;
                largestReference = Math.Max(largestReference, size);
                reference += size;
                expectedTop = expected[v] > expected[expectedTop] ? v : expectedTop;
                foundTop = found[v] > found[foundTop] ? v : foundTop;
            }

            double divergence = Math.Max(0, KullbackLeibler.OfRow(expected, found));
            return new RowDifference(expected.Length, largest, absolute, largestReference, reference, divergence, expectedTop == foundTop);
        }

        private static double Difference(float expected, float found) =>
            expected == found || (float.IsNaN(expected) && float.IsNaN(found)) ? 0
            : float.IsFinite(expected) && float.IsFinite(found) ? Math.Abs((double)found - expected)
            : double.PositiveInfinity;
    }
}
