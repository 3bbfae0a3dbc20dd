using Niwaki.Evaluation.Tasks;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>How results of tasks show.</summary>
internal static class TaskOutputTables
{
    public static void Show(Terminal terminal, HarnessRun run, IReadOnlyList<TaskResult> results)
    {
        // Names stay whole where a terminal is narrow.
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("task", column => column.NoWrap()).AddColumns("docs", "n-shot").AddColumn("metric", column => column.NoWrap()).AddColumns("value", "±");
        foreach (TaskResult result in results)
        {
            string documents = result.Samples.Count == result.Documents
                ? Quantity.Count(result.Documents)
                : $"{Quantity.Count(result.Samples.Count)} of {Quantity.Count(result.Documents)}";
            Add(table, ($"{result.Task.Name} {result.Task.Version}", documents, Quantity.Count(result.Shots)), result.Metrics[0]);
            foreach (TaskMetric metric in result.Metrics.Skip(1))
            {
                Add(table, ("", "", ""), metric);
            }
        }

        foreach (TaskGroupResult group in TaskGroupResult.Of(results))
        {
            Add(table, ($"{group.Name} {TaskGroupResult.Version}", $"{group.Tasks.Count} tasks", ""), group.Accuracy);
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

    private static void Add(Table table, (string Name, string Documents, string Shots) place, TaskMetric metric) => table.AddRow(
        place.Name, place.Documents, place.Shots, metric.Filter == TaskMetric.NoFilter ? metric.Name : $"{metric.Name}\n{metric.Filter}", Quantity.Figure(metric.Value, 4), metric.Error is { } error ? Quantity.Figure(error, 4) : "-");

    private static string Value(TaskMetric metric) => $"{Quantity.Figure(metric.Value, 4)}{(metric.Error is { } error ? $" ± {Quantity.Figure(error, 4)}" : "")}";
}
