using Niwaki.Kernels;
using Niwaki.Models;

namespace Niwaki.Evaluation;

/// <summary>Compares the predictions of a model with those of a reference, usually the dense model it came from.</summary>
public static class ReferenceComparison
{
    /// <summary>Passes a text through both models.</summary>
    /// <remarks>Logits are float32, exponentials and sums float64. Keeps four numbers a scored token.</remarks>
    /// <param name="model">The model.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="text">The text, cut by a protocol; only its scored tokens count.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
    /// <param name="cancellationToken">Ends the comparison between two sets of windows.</param>
    /// <exception cref="VerificationException">The vocabularies differ in size.</exception>
    /// <exception cref="ArgumentException">There is nothing to score.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    /// <exception cref="NonFiniteLossException">The loss of a scored token is no finite number for one of the models.</exception>
    /// <exception cref="OperationCanceledException">The comparison was ended.</exception>
    public static ReferenceResult Measure(
        Transformer model, Transformer reference, ScoredText text, IProgress<PassProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(text);
        if (text.Scored < 1)
        {
            throw new ArgumentException(FormattableString.Invariant($"{text.Windows.Count} windows with {text.Scored} tokens to score, expected 1 or more."), nameof(text));
        }

        var rows = new List<Row>();
        LogitPairs.Visit(
            (reference, model),
            [.. text.Windows.Select(window => window.Ids)],
            null,
            (window, position) => position + 1 >= text.Windows[window].FirstScored && position + 1 < text.Windows[window].Ids.Length,
            (window, position, expected, found) => Row.Of(window, position, text.Windows[window].Ids[position + 1], expected, found),
            rows.Add,
            progress,
            cancellationToken);
        return Result(rows);
    }

    private static ReferenceResult Result(List<Row> rows)
    {
        double[] losses = [.. rows.Select(row => row.Loss)];
        double[] references = [.. rows.Select(row => row.ReferenceLoss)];
        ValueWithError loss = Distribution.MeanOf(losses), referenceLoss = Distribution.MeanOf(references);
        double perplexity = Math.Exp(loss.Value), referencePerplexity = Math.Exp(referenceLoss.Value);
        double variance = loss.Error * loss.Error, referenceVariance = referenceLoss.Error * referenceLoss.Error;
        double covariance = Distribution.Covariance(losses, references);
        double logRatio = loss.Value - referenceLoss.Value;
        double logRatioError = Root(variance + referenceVariance - (2 * covariance));
        double differenceError = Root(
            (perplexity * perplexity * variance) + (referencePerplexity * referencePerplexity * referenceVariance) - (2 * perplexity * referencePerplexity * covariance));
        double[] changes = [.. rows.Select(row => row.Change)];
        ValueWithError squares = Distribution.MeanOf([.. changes.Select(change => change * change)]);
        double root = Math.Sqrt(squares.Value);
        double same = rows.Average(row => row.SameTop ? 1.0 : 0.0);
        return new ReferenceResult(
            rows.Count,
            new ValueWithError(perplexity, perplexity * loss.Error),
            new ValueWithError(referencePerplexity, referencePerplexity * referenceLoss.Error),
            covariance / Math.Sqrt(variance * referenceVariance),
            new ValueWithError(logRatio, logRatioError),
            new ValueWithError(Math.Exp(logRatio), Math.Exp(logRatio) * logRatioError),
            new ValueWithError(perplexity - referencePerplexity, differenceError),
            Distribution.Of([.. rows.Select(row => row.Divergence)]),
            Distribution.Of(changes),
            new ValueWithError(root, root == 0 ? 0 : 0.5 / root * squares.Error),
            new ValueWithError(same, Math.Sqrt(same * (1 - same) / (rows.Count - 1))));
    }

    /// <summary>A variance that rounding leaves just below 0 is 0: both models gave the same.</summary>
    private static double Root(double variance) => double.IsNaN(variance) ? variance : Math.Sqrt(Math.Max(0, variance));

    /// <summary>What both models give at one position.</summary>
    private readonly record struct Row(double Loss, double ReferenceLoss, double Divergence, double Change, bool SameTop)
    {
        public static Row Of(int window, int position, int target, ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
        {
            (double referenceLoss, int referenceTop) = LossAndTop(expected, target);
            (double loss, int top) = LossAndTop(found, target);
            if (!double.IsFinite(loss) || !double.IsFinite(referenceLoss))
            {
                throw new NonFiniteLossException(window, position + 1, (float)(double.IsFinite(loss) ? referenceLoss : loss));
            }

            double divergence = Math.Max(0, KullbackLeibler.OfRow(expected, found));
            return new Row(loss, referenceLoss, divergence, Math.Exp(-loss) - Math.Exp(-referenceLoss), top == referenceTop);
        }

        private static (double Loss, int Top) LossAndTop(ReadOnlySpan<float> logits, int target)
        {
            int top = 0;
            for (int v = 1; v < logits.Length; v++)
            {
                top = logits[v] > logits[top] ? v : top;
            }

            double sum = 0;
            foreach (float logit in logits)
            {
                sum += Math.Exp((double)logit - logits[top]);
            }

            return (Math.Log(sum) - ((double)logits[target] - logits[top]), top);
        }
    }
}
