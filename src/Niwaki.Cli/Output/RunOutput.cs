using System.Text.Json.Nodes;
using Niwaki.Pruning;
using Niwaki.Runs;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>How a run shows: progress while it goes, a table or JSON at its end.</summary>
internal static class RunOutput
{
    /// <summary>Carries out a run with its progress on the error stream.</summary>
    public static RunReport Follow(
        Terminal terminal, string path, bool json, PruningRunOptions settings, Func<PruningRunOptions, RunReport> run)
    {
        try
        {
            using var display = ProgressDisplay.Start(terminal, quiet: json);
            return run(settings with { Progress = display, Notice = display.WriteLine });
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && File.Exists(Path.Combine(path, RunFolder.RecipeName)))
        {
            terminal.Error.WriteLine($"Continue with: niwaki resume {Quoted(path)}");
            throw;
        }
    }

    /// <summary>Writes what came of a run.</summary>
    public static void Write(Terminal terminal, RunReport report, string path, bool json)
    {
        if (json)
        {
            terminal.WriteJson(ToJson(report, path));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "before", "after", "change");
        table.AddRow("parameters", Quantity.Count(report.ParametersBefore), Quantity.Count(report.ParametersAfter), Quantity.Change(report.ParametersBefore, report.ParametersAfter));
        table.AddRow("of which prunable", Quantity.Count(report.PrunableBefore), Quantity.Count(report.PrunableAfter), Quantity.Change(report.PrunableBefore, report.PrunableAfter));
        table.AddRow("weights on disk", Quantity.Bytes(report.BytesBefore), Quantity.Bytes(report.BytesAfter), Quantity.Change(report.BytesBefore, report.BytesAfter));
        table.AddRow("perplexity", Quantity.Figure(report.PerplexityBefore, 2), Quantity.Figure(report.PerplexityAfter, 2), Quantity.Change(report.PerplexityBefore, report.PerplexityAfter));
        table.AddRow("mean loss, nats per token", Quantity.Figure(report.LossBefore, 4), Quantity.Figure(report.LossAfter, 4), Quantity.Signed(report.LossAfter - report.LossBefore));
        terminal.Tables.Write(table);
        string text = report.EvaluationFile is { } file ? $"'{file}'" : "a text that the model wrote itself, not the one that decided; give --evaluation FILE for one of yours";
        terminal.Output.WriteLine(
            $"Perplexity: protocol {report.Protocol}, window {report.EvaluationWindow}, {Quantity.Count(report.EvaluationTokens)} tokens of {text}.");
        terminal.Output.WriteLine(
            $"Method {report.Method}, {Quantity.Count(report.ForwardTokens)} forward tokens, {Quantity.Duration(report.Seconds)}.");
        terminal.Output.WriteLine($"The smaller model lies in {Path.Combine(path, RunFolder.ModelName)}");
    }

    /// <summary>Writes what a run would need.</summary>
    public static void WriteEstimate(Terminal terminal, RunEstimate estimate, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["seconds"] = estimate.Seconds,
                ["forwardTokens"] = estimate.ForwardTokens,
                ["memoryBytes"] = estimate.MemoryBytes,
                ["diskBytes"] = estimate.DiskBytes,
                ["tokensPerSecond"] = estimate.TokensPerSecond,
            });
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("the run would need", "");
        table.AddRow("time", $"about {Quantity.Duration(estimate.Seconds)}");
        table.AddRow("forward tokens", $"{Quantity.Count(estimate.ForwardTokens)} at {Quantity.Count((long)estimate.TokensPerSecond)} a second, measured now");
        table.AddRow("memory", $"{Quantity.Bytes(estimate.MemoryBytes)} for weights and activations");
        table.AddRow("disk", $"up to {Quantity.Bytes(estimate.DiskBytes)}");
        terminal.Tables.Write(table);
    }

    private static JsonObject ToJson(RunReport report, string path) => new()
    {
        ["sparsity"] = report.SparsityReached,
        ["parametersBefore"] = report.ParametersBefore,
        ["parametersAfter"] = report.ParametersAfter,
        ["prunableBefore"] = report.PrunableBefore,
        ["prunableAfter"] = report.PrunableAfter,
        ["bytesBefore"] = report.BytesBefore,
        ["bytesAfter"] = report.BytesAfter,
        ["lossBefore"] = report.LossBefore,
        ["lossAfter"] = report.LossAfter,
        ["protocol"] = report.Protocol,
        ["forwardTokens"] = report.ForwardTokens,
        ["seconds"] = report.Seconds,
        ["run"] = path,
    };

    private static string Quoted(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
