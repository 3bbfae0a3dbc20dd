using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Models;

/// <content>Sequences with caches, scored at some places.</content>
public sealed partial class Transformer
{
    /// <summary>Adds tokens to some sequences and scores what may follow them.</summary>
    /// <remarks>Fused with the output head, which sees the scored tokens alone. A score has the same bits whatever the other sequences are.</remarks>
    /// <param name="caches">What each sequence holds so far; longer by the new tokens afterwards.</param>
    /// <param name="tokens">One or more new tokens of each sequence.</param>
    /// <param name="targets">For every new token the id behind it that is scored, or −1 for none.</param>
    /// <returns>For every new token its score; the default where none is asked for.</returns>
    /// <exception cref="ShapeMismatchException">Counts differ.</exception>
    /// <exception cref="ArgumentException">A sequence gets no token, or its cache is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id or a target is outside the vocabulary.</exception>
    public TargetScore[][] Score(IReadOnlyList<KeyValueCache> caches, IReadOnlyList<int[]> tokens, IReadOnlyList<int[]> targets)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(targets);
        if (!targets.Select(row => row.Length).SequenceEqual(tokens.Select(row => row.Length)))
        {
            throw new ShapeMismatchException(
                nameof(targets), $"[{string.Join(", ", targets.Select(row => row.Length))}]", $"[{string.Join(", ", tokens.Select(row => row.Length))}]");
        }

        int largest = targets.SelectMany(row => row).DefaultIfEmpty(-1).Max();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(largest, Config.VocabularySize, nameof(targets));
        using ResidualStream stream = Append(caches, tokens);
        int[] all = [.. targets.SelectMany(row => row)];
        int[] rows = [.. Enumerable.Range(0, all.Length).Where(row => all[row] >= 0)];
        var scores = new TargetScore[all.Length];
        ScoreRows(stream, rows, [.. rows.Select(row => all[row])], scores);
        return [.. targets.Select((row, i) => scores.AsSpan(stream.FirstRow(i), row.Length).ToArray())];
    }

    private void ScoreRows(ResidualStream stream, int[] rows, int[] targets, TargetScore[] scores)
    {
        using var buffer = new NativeBuffer<float>((long)rows.Length * Config.HiddenSize);
        var hidden = new TensorView<float>(buffer, rows.Length, Config.HiddenSize);
        for (int i = 0; i < rows.Length; i++)
        {
            stream.Values[rows[i]].CopyTo(hidden[i]);
        }

        RmsNorm.Apply(_team, hidden, _finalNorm, Config.NormEpsilon, hidden);
        float[] losses = new float[rows.Length];
        bool[] likeliest = new bool[rows.Length];
        using var accumulator = new LossAccumulator(rows.Length);
        _weights.UseHead((piece, firstId) => accumulator.Accumulate(_team, hidden, piece, firstId, targets));
        accumulator.Finish(losses, likeliest);
        for (int i = 0; i < rows.Length; i++)
        {
            scores[rows[i]] = new TargetScore(losses[i], likeliest[i]);
        }
    }
}
