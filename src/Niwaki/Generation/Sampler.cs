using System.Buffers;
using Niwaki.Numerics;

namespace Niwaki.Generation;

/// <summary>Chooses the next token from logits.</summary>
/// <remarks>
/// p[i] = exp((z[i] − max z) / T) / Σ_j exp((z[j] − max z) / T) in float64; of these the top-k, of those the top-p, drawn in proportion.
/// Of equal logits the smallest id counts as the more probable one. One random number a token, none at temperature 0. The result depends on
/// the logits and the random sequence only. Keeps no state: safe to use from many threads, each with a random sequence of its own.
/// </remarks>
public sealed class Sampler
{
    private static readonly Comparer<Candidate> WorstFirst = Comparer<Candidate>.Create((a, b) => Candidate.BestFirst(b, a));

    private readonly SamplingOptions _options;

    /// <summary>Makes a sampler.</summary>
    /// <param name="options">Temperature, top-k and top-p. The seed is not used: it belongs to the sequence handed to <see cref="Next"/>.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message names all of them.</exception>
    public Sampler(SamplingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] faults = [.. options.Faults()];
        if (faults.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(options));
        }

        _options = options;
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">z, [vocabulary], not empty. −∞ forbids a token.</param>
    /// <param name="random">Gives the random number.</param>
    /// <returns>Token id.</returns>
    /// <exception cref="ArgumentException">There are no logits, or all are −∞.</exception>
    /// <exception cref="NonFiniteLogitException">A logit is NaN or +∞.</exception>
    public int Next(ReadOnlySpan<float> logits, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        int best = MostProbable(logits);
        if (_options.Temperature == 0)
        {
            return best;
        }

        bool cut = (_options.TopK > 0 && _options.TopK < logits.Length) || _options.TopP < 1;
        return cut ? DrawFromBest(logits, best, random) : DrawFromAll(logits, best, random);
    }

    private static int MostProbable(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]) || float.IsPositiveInfinity(logits[i]))
            {
                throw new NonFiniteLogitException(i, logits[i]);
            }

            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        if (logits.IsEmpty || float.IsNegativeInfinity(logits[best]))
        {
            throw new ArgumentException(
                FormattableString.Invariant($"None of {logits.Length} logits is a number above −∞, expected one at least."), nameof(logits));
        }

        return best;
    }

    private double Weight(float logit, float largest) => Math.Exp(((double)logit - largest) / _options.Temperature);

    /// <summary>Without a cut: weights are computed twice rather than kept, which needs no memory and no order.</summary>
    private int DrawFromAll(ReadOnlySpan<float> logits, int best, SeededRandom random)
    {
        double total = 0;
        foreach (float logit in logits)
        {
            total += Weight(logit, logits[best]);
        }

        double target = random.NextDouble() * total;
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            sum += Weight(logits[i], logits[best]);
            if (sum > target)
            {
                return i;
            }
        }

        return best; // not reached: the last sum is the total, and the target lies below it
    }

    private int DrawFromBest(ReadOnlySpan<float> logits, int best, SeededRandom random)
    {
        Candidate[] rented = ArrayPool<Candidate>.Shared.Rent(logits.Length);
        try
        {
            Span<Candidate> candidates = rented.AsSpan(0, logits.Length);
            for (int i = 0; i < logits.Length; i++)
            {
                candidates[i] = new Candidate(i, Weight(logits[i], logits[best]));
            }

            candidates = _options.TopK == 0 ? candidates : KeepLargest(candidates, _options.TopK);
            candidates = _options.TopP < 1 ? KeepNucleus(candidates, _options.TopP) : candidates;
            return Draw(candidates, random);
        }
        finally
        {
            ArrayPool<Candidate>.Shared.Return(rented);
        }
    }

    private static Span<Candidate> KeepLargest(Span<Candidate> candidates, int count)
    {
        if (count >= candidates.Length)
        {
            return candidates;
        }

        // The worst of the best so far is on top, and what is no better never gets in: one comparison for most tokens.
        var largest = new PriorityQueue<Candidate, Candidate>(count, WorstFirst);
        foreach (Candidate candidate in candidates[..count])
        {
            largest.Enqueue(candidate, candidate);
        }

        foreach (Candidate candidate in candidates[count..])
        {
            largest.EnqueueDequeue(candidate, candidate);
        }

        Span<Candidate> kept = candidates[..count];
        for (int i = count - 1; i >= 0; i--)
        {
            kept[i] = largest.Dequeue();
        }

        return kept;
    }

    private static Span<Candidate> KeepNucleus(Span<Candidate> candidates, double topP)
    {
        double total = 0;
        foreach (Candidate candidate in candidates)
        {
            total += candidate.Weight;
        }

        Span<Candidate> kept = DropTail(candidates, topP, total);
        kept.Sort(Candidate.BestFirst);
        double sum = 0;
        for (int i = 0; i < kept.Length; i++)
        {
            sum += kept[i].Weight;
            if (sum >= topP * total)
            {
                return kept[..(i + 1)];
            }
        }

        return kept;
    }

    /// <summary>
    /// Saves the sorting of a whole vocabulary: of n tokens, those below (1 − p) / (n − 1) have less than 1 − p together, so the others,
    /// which include the best one, reach p.
    /// </summary>
    private static Span<Candidate> DropTail(Span<Candidate> candidates, double topP, double total)
    {
        double smallest = (1 - topP) * total / Math.Max(1, candidates.Length - 1);
        int kept = 0;
        foreach (Candidate candidate in candidates)
        {
            if (candidate.Weight >= smallest)
            {
                candidates[kept++] = candidate;
            }
        }

        // Nothing passes where p is below 1 / n and all tokens are about equal; then nothing has been overwritten either.
        return kept == 0 ? candidates : candidates[..kept];
    }

    private static int Draw(ReadOnlySpan<Candidate> candidates, SeededRandom random)
    {
        double total = 0;
        foreach (Candidate candidate in candidates)
        {
            total += candidate.Weight;
        }

        double target = random.NextDouble() * total;
        double sum = 0;
        foreach (Candidate candidate in candidates)
        {
            sum += candidate.Weight;
            if (sum > target)
            {
                return candidate.Id;
            }
        }

        return candidates[0].Id; // not reached: the last sum is the total, and the target lies below it
    }
}
