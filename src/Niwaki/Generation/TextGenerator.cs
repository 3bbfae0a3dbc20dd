using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Tensors;

namespace Niwaki.Generation;

/// <summary>Lets a model continue a text, token by token, with a cache of keys and values.</summary>
public static class TextGenerator
{
    /// <summary>Continues a prompt.</summary>
    /// <remarks>
    /// Tokens are computed as they are asked for. The same prompt, options and vector width give the same tokens for every number of threads.
    /// The model must not be used otherwise before the enumeration has ended.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="prompt">Token ids to continue, 1 or more, fewer than the model's context.</param>
    /// <param name="options">How tokens are chosen, and the seed.</param>
    /// <param name="maxTokens">Most tokens written, 1 or more.</param>
    /// <param name="endIds">Ids that end the text; none of them is given out.</param>
    /// <param name="cancellationToken">Ends the text between two tokens.</param>
    /// <returns>The tokens written, without the prompt; ends at an end id, after <paramref name="maxTokens"/> or where the model's context is full.</returns>
    /// <exception cref="ArgumentException">The prompt is empty or fills the context, or options are out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is below 1, or (at the first token) the prompt has an id outside
    /// the vocabulary.</exception>
    /// <exception cref="NonFiniteLogitException">The model gives a logit that is no number.</exception>
    /// <exception cref="OperationCanceledException">The text was ended.</exception>
    public static IEnumerable<int> Generate(
        Transformer model,
        IReadOnlyList<int> prompt,
        SamplingOptions options,
        int maxTokens,
        IReadOnlyCollection<int> endIds,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(endIds);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        int context = model.Config.ContextLength;
        if (prompt.Count == 0 || prompt.Count >= context)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The prompt has {prompt.Count:N0} tokens, expected 1 to {context - 1:N0}, one less than the model's context."),
                nameof(prompt));
        }

        int count = Math.Min(maxTokens, context - prompt.Count);
        return Continue(model, [.. prompt], new Sampler(options), new SeededRandom(options.Seed), count, [.. endIds], cancellationToken);
    }

    private static IEnumerable<int> Continue(
        Transformer model, int[] prompt, Sampler sampler, SeededRandom random, int count, HashSet<int> ends, CancellationToken cancellationToken)
    {
        using var cache = new KeyValueCache(model.Config, prompt.Length + count);
        using var buffer = new NativeBuffer<float>(model.Config.VocabularySize);
        var logits = new TensorView<float>(buffer, 1, model.Config.VocabularySize);
        int[] next = prompt;
        for (int i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Extend([cache], [next], logits);
            int id = sampler.Next(logits[0], random);
            if (ends.Contains(id))
            {
                yield break;
            }

            yield return id;
            next = [id];
        }
    }
}
