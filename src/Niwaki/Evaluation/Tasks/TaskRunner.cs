using Niwaki.Datasets;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Formats.Hub;
using Niwaki.Generation;
using Niwaki.Models;
using Niwaki.Tokenizers;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Evaluation.Tasks;

/// <summary>Measures a model on tasks.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="encoder">Turns texts into requests.</param>
/// <param name="format">How prompts are written.</param>
/// <param name="folder">Where the data is.</param>
public sealed class TaskRunner(Transformer model, Tokenizer tokenizer, RequestEncoder encoder, PromptFormat format, BenchmarkFolder folder)
{
    /// <summary>Most tokens written about a problem, as the harness has it where a task says nothing.</summary>
    private const int MostWritten = 256;

    private readonly LikelihoodScorer _scorer = new(model);

    /// <summary>Measures on a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="shots">Examples in front of every document, unless the task has a fixed number; null: as many as the task has by itself.</param>
    /// <param name="limit">Documents from the first; null: all.</param>
    /// <param name="seed">Seed of the examples.</param>
    /// <param name="progress">Told how far it is; null: nobody.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    /// <exception cref="DatasetException">Data is missing or broken, or there are too few documents for the examples.</exception>
    /// <exception cref="ChatTemplateException">The chat template refuses a conversation, or fails on it.</exception>
    /// <exception cref="NonFiniteLossException">A loss is no finite number.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public TaskResult Run(
        TaskDefinition task, int? shots = null, int? limit = null, long seed = FewShotSampler.DefaultSeed, IProgress<TaskProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        int examples = task.Shots(shots);
        (TaskItem[] items, int documents, FewShotSampler sampler) = Read(task, examples, limit, seed);
        IReadOnlyList<TaskPrompt>[] requests = [.. items.Select(item => format.Write(task, sampler.Next(item), item))];
        Follower? follower = progress is null ? null : new Follower(task.Name, items.Length, progress);
        TaskSample[] samples = task.Output == TaskOutput.GenerateUntil
            ? Written(items, requests, follower, cancellationToken)
            : Scored(task, items, requests, follower, cancellationToken);
        return new TaskResult(task, examples, documents, samples, Metrics(task, samples));
    }

    /// <summary>Reads the data of a task as <see cref="Run"/> does, so that a fault of the last task shows before the first one is measured.</summary>
    /// <param name="task">The task.</param>
    /// <param name="shots">Examples, as for <see cref="Run"/>.</param>
    /// <param name="limit">Documents from the first; null: all.</param>
    /// <exception cref="DatasetException">Data is missing or broken, or there are too few documents for the examples.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public void Check(TaskDefinition task, int? shots = null, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        Read(task, task.Shots(shots), limit, FewShotSampler.DefaultSeed);
    }

    /// <summary>Fetches the data of a task from the hub, as far as it is missing.</summary>
    /// <param name="task">The task.</param>
    /// <param name="shots">Examples, as for <see cref="Run"/>.</param>
    /// <param name="hub">The hub.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Parts that were fetched.</returns>
    /// <exception cref="HubException">Something could not be had.</exception>
    public IReadOnlyList<string> Pull(TaskDefinition task, int? shots, HubClient hub, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        string[] splits = task.Shots(shots) == 0 ? [task.EvaluatedSplit] : [task.EvaluatedSplit, task.ExampleSplit];
        return [.. splits.Distinct().Where(split => folder.Pull(hub, task.Source(split), cancellationToken))];
    }

    /// <summary>What is measured on, of how many documents, and what draws the examples.</summary>
    private (TaskItem[] Items, int Documents, FewShotSampler Sampler) Read(TaskDefinition task, int examples, int? limit, long seed)
    {
        IReadOnlyList<TableRow> rows = folder.Read(task.Source(task.EvaluatedSplit));
        TaskItem[] items = [.. rows.Take(limit ?? int.MaxValue).Select(task.Read)];
        TaskItem[] pool = examples == 0 ? [] : [.. (task.ExampleSplit == task.EvaluatedSplit ? rows : folder.Read(task.Source(task.ExampleSplit))).Select(task.Read)];
        return (items, rows.Count, new FewShotSampler(task, pool, examples, seed));
    }

    private TaskSample[] Scored(TaskDefinition task, TaskItem[] items, IReadOnlyList<TaskPrompt>[] requests, Follower? follower, CancellationToken cancellationToken)
    {
        LikelihoodRequest[][] groups =
            [.. requests.Select(prompts => prompts.Select(prompt => encoder.Pair(prompt.Context, prompt.Continuation)).ToArray())];
        LikelihoodResult[][] results = _scorer.Score(groups, follower, cancellationToken);
        return [.. items.Select((item, i) => new TaskSample(item, requests[i]) { Results = results[i], Values = TaskScores.Of(task, item, results[i]) })];
    }

    private TaskSample[] Written(TaskItem[] items, IReadOnlyList<TaskPrompt>[] requests, Follower? follower, CancellationToken cancellationToken)
    {
        int room = Math.Min(MostWritten, encoder.Longest - 1);
        int[][] prompts = [.. requests.Select(request => encoder.Prompt(request[0].Context, room))];
        int[] ends = [.. model.Config.EndOfText, .. tokenizer.EndOfText is { } end ? [end] : Array.Empty<int>()];
        int[][] written = BatchGenerator.Generate(model, prompts, room, ends, ids => AnswerStops.IsReached(tokenizer, [.. ids]), follower, cancellationToken);
        return [.. items.Select((item, i) => Sample(item, requests[i], AnswerStops.TextBefore(tokenizer, written[i])))];
    }

    private static TaskSample Sample(TaskItem item, IReadOnlyList<TaskPrompt> requests, string text)
    {
        var filtered = AnswerFilter.Names.ToDictionary(name => name, name => AnswerFilter.Apply(name, text));
        return new TaskSample(item, requests) { Written = text, Filtered = filtered, Values = TaskScores.Of(item, filtered) };
    }

    private static TaskMetric[] Metrics(TaskDefinition task, TaskSample[] samples) =>
    [
        .. samples[0].Values.Keys.Select(key =>
        {
            var mean = TaskMetric.MeanOf(key.Metric, key.Filter, [.. samples.Select(sample => sample.Values[key])]);
            if (key.Metric != "perplexity" || task.Output != TaskOutput.LogLikelihood)
            {
                return mean;
            }

            // e to the mean loss of a document; its error to first order.
            double perplexity = Math.Exp(-mean.Value);
            return new TaskMetric(key.Metric, key.Filter, perplexity, perplexity * mean.Error, HigherIsBetter: false);
        }),
    ];

    /// <summary>Tells requests of documents as documents.</summary>
    private sealed class Follower(string task, int documents, IProgress<TaskProgress> progress) : IProgress<RequestProgress>
    {
        public void Report(RequestProgress value) => progress.Report(new TaskProgress(task, value.Done, documents, value.Tokens));
    }
}
