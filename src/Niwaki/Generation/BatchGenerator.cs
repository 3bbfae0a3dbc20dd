using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Generation;

/// <summary>Lets a model continue many prompts at the same time with the likeliest token each time, so that a pass over the weights serves all of them.</summary>
public static class BatchGenerator
{
    /// <summary>Most bytes of keys and values at a time, 1 GiB; one prompt is always continued.</summary>
    private const long CacheBytes = 1L << 30;

    private const int MostTogether = 16;

    /// <summary>Continues prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">Token ids, one or more each.</param>
    /// <param name="maxTokens">Most tokens written behind each, 1 or more.</param>
    /// <param name="endIds">Ids that end a text; none of them is given out.</param>
    /// <param name="isDone">Whether what was written is enough.</param>
    /// <param name="progress">Told after every pass; null: nobody.</param>
    /// <param name="cancellationToken">Ends it between two tokens.</param>
    /// <returns>For every prompt the tokens written.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is below 1, or an id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLogitException">The model gives a logit that is no number.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static int[][] Generate(
        Transformer model,
        IReadOnlyList<int[]> prompts,
        int maxTokens,
        IReadOnlyCollection<int> endIds,
        Func<IReadOnlyList<int>, bool> isDone,
        IProgress<RequestProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        var written = new List<int>[prompts.Count];
        long bytes = KeyValueCache.BytesFor(model.Config, prompts.Select(prompt => prompt.Length).DefaultIfEmpty(1).Max() + maxTokens);
        int together = (int)Math.Clamp(CacheBytes / Math.Max(1, bytes), 1, MostTogether);
        long tokens = 0;
        for (int first = 0; first < prompts.Count; first += together)
        {
            int count = Math.Min(together, prompts.Count - first);
            List<int>[] part = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
            part.CopyTo(written, first);
            void Passed(int done, long more) => progress?.Report(new RequestProgress(first + done, tokens += more));
            Continue(model, [.. prompts.Skip(first).Take(count)], part, maxTokens, [.. endIds], isDone, Passed, cancellationToken);
        }

        return [.. written.Select(ids => ids.ToArray())];
    }

    private static void Continue(
        Transformer model,
        int[][] prompts,
        List<int>[] written,
        int maxTokens,
        HashSet<int> ends,
        Func<IReadOnlyList<int>, bool> isDone,
        Action<int, long> passed,
        CancellationToken cancellationToken)
    {
        var sampler = new Sampler(SamplingOptions.Greedy);
        var random = new SeededRandom(0);
        KeyValueCache[] caches = [.. prompts.Select(prompt => new KeyValueCache(model.Config, prompt.Length + maxTokens))];
        try
        {
            using var buffer = new NativeBuffer<float>((long)prompts.Length * model.Config.VocabularySize);
            int[] active = [.. Enumerable.Range(0, prompts.Length)];
            int[][] next = prompts;
            while (active.Length > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var logits = new TensorView<float>(buffer, active.Length, model.Config.VocabularySize);
                model.Extend([.. active.Select(i => caches[i])], next, logits);
                int[] ids = new int[active.Length];
                for (int i = 0; i < ids.Length; i++)
                {
                    ids[i] = sampler.Next(logits[i], random);
                }

                (int Prompt, int Id)[] going = [.. active.Zip(ids).Where(step => !ends.Contains(step.Second))];
                Array.ForEach(going, step => written[step.Prompt].Add(step.Id));
                going = [.. going.Where(step => written[step.Prompt].Count < maxTokens && !isDone(written[step.Prompt]))];
                active = [.. going.Select(step => step.Prompt)];
                passed(prompts.Length - active.Length, next.Sum(row => (long)row.Length));
                next = [.. going.Select(step => new[] { step.Id })];
            }
        }
        finally
        {
            Array.ForEach(caches, cache => cache.Dispose());
        }
    }
}
