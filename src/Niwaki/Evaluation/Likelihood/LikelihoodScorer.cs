using Niwaki.Models;

namespace Niwaki.Evaluation.Likelihood;

/// <summary>Answers requests, many at a time, computing what they share once.</summary>
/// <remarks>
/// Requests come in groups, usually those of one question. The tokens that all requests of a group begin with pass through the model once and stay in a cache; the
/// rest of each request follows from there. What all groups of a batch begin with, such as the same examples in front of every question, passes once for the batch.
/// Losses are float32, their sums float64. The batches follow from the requests alone, so the bits do too; they differ in the last ones from those of a pass
/// without a cache.
/// </remarks>
public sealed class LikelihoodScorer
{
    /// <summary>Most bytes of keys and values at a time, 512 MiB; one group is always answered.</summary>
    private const long CacheBytes = 512L << 20;

    /// <summary>Groups of a batch, and tokens of their prefixes: more make a pass no cheaper by token.</summary>
    private const int MostGroups = 32;
    private const int MostTokens = 4096;

    /// <summary>Fewer common tokens than this are computed anew rather than copied.</summary>
    private const int LeastCommon = 16;

    private readonly Transformer _model;

    /// <summary>Makes a scorer.</summary>
    /// <param name="model">The model.</param>
    public LikelihoodScorer(Transformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
    }

    /// <summary>Tokens that passed through the model so far.</summary>
    public long ForwardTokens { get; private set; }

    /// <summary>Answers requests.</summary>
    /// <param name="groups">Groups of requests, one request or more each.</param>
    /// <param name="progress">Told after every pass, with the groups answered so far; null: nobody.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    /// <returns>For every group an answer for each request.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLossException">A loss is no finite number.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public LikelihoodResult[][] Score(
        IReadOnlyList<IReadOnlyList<LikelihoodRequest>> groups, IProgress<RequestProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var results = new LikelihoodResult[groups.Count][];
        int first = 0;
        while (first < groups.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RequestGroup[] batch = NextBatch(groups, first);
            int answered = first;
            ScoreBatch(batch, () => progress?.Report(new RequestProgress(answered, ForwardTokens))).CopyTo(results, first);
            first += batch.Length;
            progress?.Report(new RequestProgress(first, ForwardTokens));
        }

        return results;
    }

    private RequestGroup[] NextBatch(IReadOnlyList<IReadOnlyList<LikelihoodRequest>> groups, int first)
    {
        var batch = new List<RequestGroup>();
        long bytes = 0, tokens = 0;
        for (int i = first; i < groups.Count && batch.Count < MostGroups; i++)
        {
            var group = new RequestGroup(groups[i]);
            bytes += group.CacheBytes(_model.Config);
            tokens += group.Prefix.Length + group.Tokens(0).Length;
            if (batch.Count > 0 && (bytes > CacheBytes || tokens > MostTokens || ResidualStream.BytesFor(tokens, _model.Config.HiddenSize) > _model.Memory.StreamBytes))
            {
                break;
            }

            batch.Add(group);
        }

        return [.. batch];
    }

    private LikelihoodResult[][] ScoreBatch(RequestGroup[] batch, Action passed)
    {
        LikelihoodResult[][] results = [.. batch.Select(group => new LikelihoodResult[group.Requests.Count])];
        KeyValueCache[] caches = [.. batch.Select(group => new KeyValueCache(_model.Config, group.Capacity))];
        try
        {
            FillPrefixes(batch, caches);
            passed();
            for (int request = 0; request < results.Max(row => row.Length); request++)
            {
                int[] asked = [.. Enumerable.Range(0, batch.Length).Where(i => request < results[i].Length)];
                int[][] tokens = [.. asked.Select(i => batch[i].Tokens(request))];
                int[][] targets = [.. asked.Select(i => batch[i].Targets(request))];
                TargetScore[][] scores = _model.Score([.. asked.Select(i => caches[i])], tokens, targets);
                ForwardTokens += tokens.Sum(row => (long)row.Length);
                passed();
                for (int i = 0; i < asked.Length; i++)
                {
                    results[asked[i]][request] = Sum(scores[i], targets[i]);
                    caches[asked[i]].Truncate(batch[asked[i]].Prefix.Length);
                }
            }

            return results;
        }
        finally
        {
            Array.ForEach(caches, cache => cache.Dispose());
        }
    }

    /// <summary>Computes the prefix of every group, and before it what all of them begin with.</summary>
    private void FillPrefixes(RequestGroup[] batch, KeyValueCache[] caches)
    {
        int common = batch.Min(group => batch[0].Prefix.AsSpan().CommonPrefixLength(group.Prefix));
        common = batch.Length > 1 && common >= LeastCommon ? common : 0;
        if (common > 0)
        {
            _model.Append([caches[0]], [batch[0].Prefix[..common]]).Dispose();
            ForwardTokens += common;
            foreach (KeyValueCache cache in caches.Skip(1))
            {
                cache.CopyFrom(caches[0]);
            }
        }

        int[] longer = [.. Enumerable.Range(0, batch.Length).Where(i => batch[i].Prefix.Length > common)];
        if (longer.Length > 0)
        {
            int[][] tokens = [.. longer.Select(i => batch[i].Prefix[common..])];
            _model.Append([.. longer.Select(i => caches[i])], tokens).Dispose();
            ForwardTokens += tokens.Sum(row => (long)row.Length);
        }
    }

    private static LikelihoodResult Sum(TargetScore[] scores, int[] targets)
    {
        double sum = 0;
        bool isGreedy = true;
        for (int i = 0; i < scores.Length; i++)
        {
            if (targets[i] < 0)
            {
                continue;
            }

            if (!float.IsFinite(scores[i].LossNats))
            {
                throw new NonFiniteLossException(0, i + 1, scores[i].LossNats);
            }

            sum -= Math.Max(0, scores[i].LossNats); // rounding may leave a certain token a little below 0
            isGreedy &= scores[i].IsLikeliest;
        }

        return new LikelihoodResult(sum, isGreedy);
    }
}
