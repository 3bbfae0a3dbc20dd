using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Evaluation;

/// <summary>Shows the logits of two models on the same tokens, position by position.</summary>
/// <remarks>The residual streams of a set of windows are kept, the logits of a tile of tokens at a time.</remarks>
internal static class LogitPairs
{
    /// <summary>Bytes of the logits of both models that exist at a time, 32 MiB; those of one token always do.</summary>
    private const long TileBytes = 32 << 20;

    private const int MostTileRows = 128;

    /// <summary>Measures one position.</summary>
    /// <param name="window">Index of the window.</param>
    /// <param name="position">Position in it.</param>
    /// <param name="expected">[vocabulary] logits of the reference behind the token there.</param>
    /// <param name="found">[vocabulary] logits of the other model.</param>
    public delegate T MeasureRow<out T>(int window, int position, ReadOnlySpan<float> expected, ReadOnlySpan<float> found);

    /// <summary>Passes windows through both models.</summary>
    /// <param name="models">The reference and the model to compare.</param>
    /// <param name="windows">Token ids.</param>
    /// <param name="gates">Gates of the reference, the same for all windows; null: open.</param>
    /// <param name="wanted">Whether a position of a window is measured.</param>
    /// <param name="measure">Measures a position; several may be measured at the same time.</param>
    /// <param name="add">Takes what was measured, in the order of the positions.</param>
    /// <param name="progress">Told after every block of a set of windows; null: nobody.</param>
    /// <param name="cancellationToken">Ends it between two sets of windows.</param>
    /// <exception cref="VerificationException">The vocabularies differ in size.</exception>
    public static void Visit<T>(
        (Transformer Reference, Transformer Other) models,
        IReadOnlyList<int[]> windows,
        ModelGates? gates,
        Func<int, int, bool> wanted,
        MeasureRow<T> measure,
        Action<T> add,
        IProgress<PassProgress>? progress,
        CancellationToken cancellationToken)
    {
        (Transformer reference, Transformer other) = models;
        if (reference.Config.VocabularySize != other.Config.VocabularySize)
        {
            throw new VerificationException(
                $"Vocabularies have {reference.Config.VocabularySize} and {other.Config.VocabularySize} tokens, expected the same number. Compare two forms of one model.");
        }

        Transformer tighter = reference.Memory.StreamBytes < other.Memory.StreamBytes ? reference : other;
        var tracker = new PassTracker(windows, reference.Config.Blocks.Count + other.Config.Blocks.Count + 1, progress); // the logits count as a block
        foreach ((int first, int count) in ForwardPass.Cut(tighter, windows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[][] set = [.. windows.Skip(first).Take(count)];
            tracker.Begin(set);
            VisitSet(reference, other, set, gates, first, wanted, measure, add, tracker);
            tracker.End();
        }
    }

    private static void VisitSet<T>(
        Transformer reference,
        Transformer other,
        int[][] set,
        ModelGates? gates,
        int first,
        Func<int, int, bool> wanted,
        MeasureRow<T> measure,
        Action<T> add,
        PassTracker tracker)
    {
        using ResidualStream expected = reference.Embed(set);
        using ResidualStream found = other.Embed(set);
        tracker.RunBlocks(reference, expected, gates is null ? null : [.. Enumerable.Repeat(gates, set.Length)]);
        tracker.RunBlocks(other, found);
        var places = new List<(int Window, int Position, int Row)>();
        for (int window = 0; window < set.Length; window++)
        {
            int firstRow = expected.FirstRow(window);
            for (int position = 0; position < set[window].Length; position++)
            {
                if (wanted(first + window, position))
                {
                    places.Add((first + window, position, firstRow + position));
                }
            }
        }

        VisitTiles(reference, other, expected, found, places, measure, add);
    }

    private static unsafe void VisitTiles<T>(
        Transformer reference,
        Transformer other,
        ResidualStream expected,
        ResidualStream found,
        List<(int Window, int Position, int Row)> places,
        MeasureRow<T> measure,
        Action<T> add)
    {
        int vocabulary = reference.Config.VocabularySize;
        int tile = (int)Math.Clamp(TileBytes / (2L * sizeof(float) * vocabulary), 1, MostTileRows);
        using var buffer = new NativeBuffer<float>(2L * tile * vocabulary);
        var both = new TensorView<float>(buffer, 2 * tile, vocabulary);
        foreach ((int Window, int Position, int Row)[] part in places.Chunk(tile))
        {
            int[] rows = [.. part.Select(place => place.Row)];
            reference.Logits(expected, rows, both.SliceRows(0, rows.Length));
            other.Logits(found, rows, both.SliceRows(tile, rows.Length));
            var measured = new T[rows.Length];
            float* logits = buffer.Pointer;
            reference.ForEach(rows.Length, i => measured[i] = measure(
                part[i].Window,
                part[i].Position,
                new ReadOnlySpan<float>(logits + ((long)i * vocabulary), vocabulary),
                new ReadOnlySpan<float>(logits + ((long)(tile + i) * vocabulary), vocabulary)));
            Array.ForEach(measured, add);
        }
    }
}
