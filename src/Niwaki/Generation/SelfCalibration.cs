using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Generation;

/// <summary>Calibration text written by the model itself, for pruning without any data (compare arXiv 2410.17170).</summary>
/// <remarks>
/// Every window begins a text: with the begin-of-text token, or, for models without one, with a random token that ends no text. Where a text
/// ends inside a window the next one begins right behind it, so that all windows are full. Each window has a random sequence of its own,
/// taken from the seed and its index: the first windows are the same however many are written, and however many at the same time.
/// </remarks>
public static class SelfCalibration
{
    /// <summary>Writes the windows, many at the same time, so that each pass over the weights adds one token to all of them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Amount, length and sampling.</param>
    /// <param name="endIds">Ids that end a text; may be empty.</param>
    /// <param name="beginOfText">Id that begins a text; null where the model has none.</param>
    /// <param name="progress">Told the tokens written so far; null: nobody.</param>
    /// <param name="cancellationToken">Ends the writing between two tokens.</param>
    /// <returns>[windows][window length] token ids.</returns>
    /// <exception cref="ArgumentException">Options are out of range (the message names all of them), or every id ends a text.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="beginOfText"/> is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLogitException">The model gives a logit that is no number.</exception>
    /// <exception cref="OperationCanceledException">The writing was ended.</exception>
    public static int[][] Write(
        Transformer model,
        SelfCalibrationOptions options,
        IReadOnlyCollection<int> endIds,
        int? beginOfText,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(endIds);
        string[] faults = [.. options.Faults(model.Config)];
        if (faults.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
            (uint)(beginOfText ?? 0), (uint)model.Config.VocabularySize, nameof(beginOfText));
        var opening = new TextOpening(model.Config.VocabularySize, endIds, beginOfText);
        int[][] windows = new int[options.Windows][];
        int together = WindowsTogether(model.Config, options);
        for (int first = 0; first < windows.Length; first += together)
        {
            int end = Math.Min(first + together, windows.Length);
            for (int i = first; i < end; i++)
            {
                windows[i] = new int[options.WindowLength];
            }

            long before = (long)first * options.WindowLength;
            WriteTogether(model, options, opening, windows.AsMemory(first..end), first, tokens => progress?.Report(before + tokens), cancellationToken);
        }

        return windows;
    }

    private static int WindowsTogether(ModelConfig config, SelfCalibrationOptions options)
    {
        long bytes = KeyValueCache.BytesFor(config, options.WindowLength) + ((long)config.VocabularySize * sizeof(float));
        return (int)Math.Clamp(options.CacheBytes / bytes, 1, options.Windows);
    }

    private static void WriteTogether(
        Transformer model,
        SelfCalibrationOptions options,
        TextOpening opening,
        ReadOnlyMemory<int[]> windows,
        int firstIndex,
        Action<long> written,
        CancellationToken cancellationToken)
    {
        var sampler = new Sampler(options.Sampling);
        SeededRandom[] randoms = [.. Enumerable.Range(firstIndex, windows.Length).Select(index => new SeededRandom(options.Seed, index))];
        KeyValueCache[] caches = [.. randoms.Select(_ => new KeyValueCache(model.Config, options.WindowLength))];
        try
        {
            using var buffer = new NativeBuffer<float>((long)windows.Length * model.Config.VocabularySize);
            var logits = new TensorView<float>(buffer, windows.Length, model.Config.VocabularySize);
            int[][] newest = [.. randoms.Select(random => new[] { opening.Next(random) })];
            for (int position = 0; ; position++)
            {
                for (int i = 0; i < newest.Length; i++)
                {
                    windows.Span[i][position] = newest[i][0];
                }

                written((position + 1L) * newest.Length);
                if (position == options.WindowLength - 1)
                {
                    return;
                }

                cancellationToken.ThrowIfCancellationRequested();
                model.Extend(caches, newest, logits);
                model.ForEach(newest.Length, i => newest[i][0] = opening.Follows(newest[i][0])
                    ? opening.Next(randoms[i])
                    : sampler.Next(logits[i], randoms[i]));
            }
        }
        finally
        {
            Array.ForEach(caches, cache => cache.Dispose());
        }
    }
}
