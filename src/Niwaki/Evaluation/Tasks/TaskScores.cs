using System.Text;
using Niwaki.Evaluation.Likelihood;

namespace Niwaki.Evaluation.Tasks;

/// <summary>The values of one document.</summary>
internal static class TaskScores
{
    /// <summary>Values of a document that was scored.</summary>
    public static Dictionary<(string Metric, string Filter), double> Of(TaskDefinition task, TaskItem item, IReadOnlyList<LikelihoodResult> results)
    {
        double[] likelihoods = [.. results.Select(result => result.LogLikelihood)];
        return task.Metrics.ToDictionary(metric => (metric, TaskMetric.NoFilter), metric => metric switch
        {
            "perplexity" => likelihoods[0],
            "acc_norm" => Right(item, likelihoods.Zip(item.Choices, (sum, choice) => sum / PythonText.Length(choice))),
            "acc_bytes" => Right(item, likelihoods.Zip(item.Choices, (sum, choice) => sum / Encoding.UTF8.GetByteCount(choice))),
            _ when item.Truth.Count > 0 => ShareOfTruth(item, likelihoods),
            _ when task.Output == TaskOutput.LogLikelihood => results[0].IsGreedy ? 1 : 0,
            _ => Right(item, likelihoods),
        });
    }

    /// <summary>Values of a document that the model wrote about.</summary>
    public static Dictionary<(string Metric, string Filter), double> Of(TaskItem item, IReadOnlyDictionary<string, string> filtered) =>
        filtered.ToDictionary(entry => ("exact_match", entry.Key), entry => AnswerFilter.AreEqual(entry.Value, item.Target) ? 1.0 : 0);

    /// <summary>Whether the largest value is that of the right answer; of equal ones the first counts.</summary>
    private static double Right(TaskItem item, IEnumerable<double> values)
    {
        double[] all = [.. values];
        return Array.IndexOf(all, all.Max()) == item.Gold ? 1 : 0;
    }

    /// <summary>Σ p over the true answers, divided by Σ p over all.</summary>
    private static double ShareOfTruth(TaskItem item, double[] likelihoods)
    {
        double largest = likelihoods.Max(); // divides out, and keeps the exponentials from vanishing
        double[] weights = [.. likelihoods.Select(sum => Math.Exp(sum - largest))];
        return weights.Where((_, i) => item.Truth[i]).Sum() / weights.Sum();
    }
}
