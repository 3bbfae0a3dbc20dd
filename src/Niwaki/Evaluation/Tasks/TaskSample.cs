using Niwaki.Evaluation.Likelihood;

namespace Niwaki.Evaluation.Tasks;

/// <summary>What came of one document.</summary>
/// <param name="Item">The document.</param>
/// <param name="Requests">Its requests with all that stands in front.</param>
public sealed record TaskSample(TaskItem Item, IReadOnlyList<TaskPrompt> Requests)
{
    /// <summary>For every request the answer of the model; empty where it writes.</summary>
    public IReadOnlyList<LikelihoodResult> Results { get; init; } = [];

    /// <summary>What the model wrote; null where it was not asked to.</summary>
    public string? Written { get; init; }

    /// <summary>The values of this document, by metric and filter; for perplexity the log-likelihood.</summary>
    public required IReadOnlyDictionary<(string Metric, string Filter), double> Values { get; init; }

    /// <summary>What each filter left of the text that was written.</summary>
    public IReadOnlyDictionary<string, string> Filtered { get; init; } = new Dictionary<string, string>();
}
