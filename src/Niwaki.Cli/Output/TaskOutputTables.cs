using Niwaki.Evaluation.Tasks;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>How results of tasks show.</summary>
internal static class TaskOutputTables
{
    public static void Show(Terminal terminal, HarnessRun run, IReadOnlyList<TaskResult> results)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("task", "version", "documents", "n-shot", "filter", "metric", "value", "±");
        foreach (TaskResult result in results)
        {
            foreach (TaskMetric metric in result.Metrics)
            {
                string documents = result.Samples.Count == result.Documents
                    ? Quantity.Count(result.Documents)
                    : $"{Quantity.Count(result.Samples.Count)} of {Quantity.Count(result.Documents)}";
                Add(table, (result.Task.Name, result.Task.Version, documents, Quantity.Count(result.Shots)), metric);
            }
        }

        foreach (TaskGroupResult group in TaskGroupResult.Of(results))
        {
            Add(table, (group.Name, TaskGroupResult.Version, $"{group.Tasks.Count} tasks", ""), group.Accuracy);
        }

        terminal.Tables.Write(table);
        if (SevenTaskMean.Of(results) is { } mean)
        {
            terminal.Output.WriteLine($"Mean of the seven tasks: {Value(mean.Mixed)} ({SevenTaskMean.Mix}); of acc alone {Value(mean.Accuracy)}.");
        }

        string format = run.Format.Template is null ? "as plain text" : $"in the chat template, examples {(run.Format.HasTurns ? "as turns" : "in one message")}";
        terminal.Output.WriteLine(
            $"Prompts and metrics of lm-evaluation-harness, {format}{(run.Format.Instruction is null ? "" : ", with a system instruction")}, {(run.Begins ? "with" : "without")} a begin-of-text token, at most {Quantity.Count(run.Longest)} tokens.");
    }

    private static void Add(Table table, (string Name, string Version, string Documents, string Shots) place, TaskMetric metric) => table.AddRow(
        place.Name, place.Version, place.Documents, place.Shots, metric.Filter, metric.Name, Quantity.Figure(metric.Value, 4), metric.Error is { } error ? Quantity.Figure(error, 4) : "-");

    private static string Value(TaskMetric metric) => $"{Quantity.Figure(metric.Value, 4)}{(metric.Error is { } error ? $" ± {Quantity.Figure(error, 4)}" : "")}";
}
