using Niwaki.Datasets;
using Niwaki.Models;
using Niwaki.Tokenizers;

namespace Niwaki.Evaluation;

/// <summary>Scores every token of a text.</summary>
public static class TokenScores
{
    /// <summary>Scores a text of any length.</summary>
    /// <remarks>
    /// A text longer than the model's context is cut into windows that begin with the last token of the one before, so that each token is
    /// scored once; the first tokens of a later window therefore see little of what is in front of them.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="ids">Token ids of the text, with a begin-of-text token where the model wants one.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
    /// <param name="cancellationToken">Ends the scoring between two sets of windows.</param>
    /// <returns>One score for each id.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLossException">A loss is no finite number.</exception>
    /// <exception cref="OperationCanceledException">The scoring was ended.</exception>
    public static IReadOnlyList<TokenScore> Measure(
        Transformer model, Tokenizer tokenizer, ReadOnlySpan<int> ids, IProgress<PassProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        int[][] windows = TextWindows.Rolling(ids, Math.Max(2, model.Config.ContextLength));
        float[][] losses = ForwardPass.Losses(model, windows, progress: progress, cancellationToken: cancellationToken);
        var scores = new List<TokenScore>(ids.Length);
        if (!ids.IsEmpty)
        {
            scores.Add(new TokenScore(ids[0], tokenizer.TokenText(ids[0]), null));
        }

        for (int window = 0; window < windows.Length; window++)
        {
            for (int i = 0; i < losses[window].Length; i++)
            {
                float loss = losses[window][i];
                if (!float.IsFinite(loss))
                {
                    throw new NonFiniteLossException(window, i + 1, loss);
                }

                int id = windows[window][i + 1];
                double logProbability = loss > 0 ? -(double)loss : 0; // rounding may leave a certain token a little below 0
                scores.Add(new TokenScore(id, tokenizer.TokenText(id), logProbability));
            }
        }

        return scores;
    }
}
