using System.Diagnostics;
using System.Reflection;
using Niwaki.Cli.Output;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Evaluation.Tasks;
using Niwaki.Formats.Hub;
using Niwaki.Plans;

namespace Niwaki.Cli.Commands;

/// <summary>Tasks on a model.</summary>
internal sealed class TaskEvaluation
{
    private readonly TaskDefinition[] _tasks;

    /// <summary>Finds the tasks, so that a misspelt name shows before a model is loaded.</summary>
    /// <param name="names">Names, with commas between them.</param>
    public TaskEvaluation(string names)
    {
        _tasks = [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(Find).DistinctBy(task => task.Name)];
        if (_tasks.Length == 0)
        {
            throw new UsageException($"Tasks are '{names}', expected one at least of {Shown}.");
        }
    }

    private static string Shown => string.Join(", ", HarnessTasks.Names.Take(HarnessTasks.Names.Count - MmluSubjects.All.Count)) + ", mmlu_SUBJECT";

    /// <summary>Folder of the data.</summary>
    public required string Data { get; init; }

    /// <summary>Folder for result files; null: none.</summary>
    public string? Output { get; init; }

    /// <summary>Examples in front of every document; null: as many as each task has by itself.</summary>
    public int? Shots { get; init; }

    /// <summary>Documents of every task; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Most tokens of a request; null: the model's context.</summary>
    public int? Longest { get; init; }

    /// <summary>Seed of the examples.</summary>
    public long Seed { get; init; } = FewShotSampler.DefaultSeed;

    /// <summary>Whether prompts begin with the begin-of-text token.</summary>
    public BeginOfTextMode Mode { get; init; }

    /// <summary>Address of the hub that missing data is fetched from; null: none is.</summary>
    public string? Hub { get; init; }

    /// <summary>Measures and writes the results.</summary>
    public int Run(LoadedModel model, string name, PromptFormat format, Terminal terminal, bool json, CancellationToken cancellationToken)
    {
        if (model.Tokenizer is { BeginOfText: null, EndOfText: null })
        {
            throw new UsageException($"The tokenizer of '{name}' has neither a begin nor an end of text, expected one of them to predict from where a prompt is empty.");
        }

        model.CheckMarkers();
        DateTimeOffset date = DateTimeOffset.UtcNow;
        long start = Stopwatch.GetTimestamp();
        var encoder = new RequestEncoder(model.Tokenizer, text => model.Encode(text, addSpecialTokens: false), Mode, Longest ?? model.Transformer.Config.ContextLength);
        var runner = new TaskRunner(model.Transformer, model.Tokenizer, encoder, format, new BenchmarkFolder(Data));
        Prepare(runner, name, terminal, json, cancellationToken);
        List<TaskResult> results = Measure(runner, terminal, json, cancellationToken);
        var run = new HarnessRun
        {
            Model = name,
            Parameters = ParameterCounter.Count(model.Transformer.Config).Total,
            Longest = encoder.Longest,
            Begins = encoder.Begins,
            Format = format,
            Seed = Seed,
            Limit = Limit,
            Date = date,
            Duration = Stopwatch.GetElapsedTime(start),
            Version = typeof(TaskEvaluation).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        };
        if (format.Refusal is { } refusal)
        {
            terminal.Error.WriteLine($"Messages of the system were left out, as lm-evaluation-harness does where a chat template refuses them: {refusal}");
        }

        Write(run, results, terminal, json);
        return ExitCodes.Success;
    }

    /// <summary>Everything that can be missing is looked at before hours of measuring: the data of all tasks, and the folder for results.</summary>
    private void Prepare(TaskRunner runner, string name, Terminal terminal, bool quiet, CancellationToken cancellationToken)
    {
        Pull(runner, terminal, quiet, cancellationToken);
        foreach (TaskDefinition task in _tasks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Shots is { } asked && task.Shots(asked) != asked)
            {
                terminal.Error.WriteLine($"{task.Name} has {task.Shots(asked)} examples whatever is asked for, as in lm-evaluation-harness.");
            }

            runner.Check(task, Shots, Limit);
        }

        if (Output is not null)
        {
            HarnessFiles.Prepare(Output, name);
        }
    }

    private List<TaskResult> Measure(TaskRunner runner, Terminal terminal, bool quiet, CancellationToken cancellationToken)
    {
        var results = new List<TaskResult>();
        using var display = ProgressDisplay.Start(terminal, quiet, hasStages: false);
        foreach (TaskDefinition task in _tasks)
        {
            results.Add(runner.Run(task, Shots, Limit, Seed, display, cancellationToken));
        }

        return results;
    }

    /// <summary>Shows the results first, and writes them whatever becomes of that: a disk that is full now does not take them away on either side.</summary>
    private void Write(HarnessRun run, List<TaskResult> results, Terminal terminal, bool json)
    {
        string? path;
        try
        {
            if (json)
            {
                terminal.WriteJson(HarnessReport.ToJson(run, results));
            }
            else
            {
                TaskOutputTables.Show(terminal, run, results);
            }
        }
        finally
        {
            path = Output is null ? null : HarnessFiles.Write(Output, run, results);
        }

        if (path is not null && !json)
        {
            terminal.Output.WriteLine($"Results and samples lie beside {path}");
        }
    }

    private void Pull(TaskRunner runner, Terminal terminal, bool quiet, CancellationToken cancellationToken)
    {
        if (Hub is null)
        {
            return;
        }

        using var hub = new HubClient(Hub);
        foreach (TaskDefinition task in _tasks)
        {
            foreach (string split in runner.Pull(task, Shots, hub, cancellationToken))
            {
                if (!quiet)
                {
                    terminal.Error.WriteLine($"Fetched {task.Name}, {split}.");
                }
            }
        }
    }

    private static IEnumerable<TaskDefinition> Find(string name) => HarnessTasks.Find(name) is { Count: > 0 } tasks
        ? tasks
        : throw new UsageException($"Task '{name}' is not known, expected one of {Shown}.");
}
