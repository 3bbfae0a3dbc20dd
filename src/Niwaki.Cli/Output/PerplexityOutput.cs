using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Evaluation;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>How a perplexity shows, always with its protocol.</summary>
internal static class PerplexityOutput
{
    public static JsonObject ToJson(ScoredText text, PerplexityResult result, ReferenceResult? difference)
    {
        var json = new JsonObject
        {
            ["protocol"] = result.Protocol,
            ["name"] = text.Name,
            ["window"] = result.Window,
            ["documents"] = result.Documents,
            ["tokens"] = result.Tokens,
            ["nll"] = result.Nll,
            ["perplexity"] = result.Perplexity,
            ["bitsPerByte"] = result.BitsPerByte,
            ["standardError"] = result.StandardError,
            ["perplexityError"] = result.PerplexityError,
            ["errorUnit"] = Word(result.ErrorUnit),
        };
        if (result.WordPerplexity is { } word)
        {
            json["wordPerplexity"] = word;
            json["bytePerplexity"] = result.BytePerplexity;
            json["words"] = text.Words;
            json["bytes"] = text.Bytes;
        }

        if (difference is not null)
        {
            json["against"] = ToJson(difference);
        }

        return json;
    }

    public static void Show(Terminal terminal, ScoredText text, PerplexityResult result, ReferenceResult? difference)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("measure", "value");
        table.AddRow("protocol", $"{text.Name}: {result.Protocol}, window {result.Window}");
        if (result.Documents > 1)
        {
            table.AddRow("documents", Quantity.Count(result.Documents));
        }

        table.AddRow("tokens scored", Quantity.Count(result.Tokens));
        table.AddRow("perplexity", $"{Quantity.Figure(result.Perplexity, 3)}{PlusMinus(result.PerplexityError, 3)}");
        if (result.WordPerplexity is { } word)
        {
            table.AddRow("word perplexity", Quantity.Figure(word, 3));
            table.AddRow("byte perplexity", Quantity.Figure(result.BytePerplexity!.Value, 4));
        }

        table.AddRow("mean loss", $"{Quantity.Figure(result.Nll, 4)} nats per token{PlusMinus(result.StandardError, 4)}");
        table.AddRow("bits per byte", result.BitsPerByte is { } bits ? Quantity.Figure(bits, 4) : "-");
        table.AddRow("± from the spread of", Word(result.ErrorUnit));
        terminal.Tables.Write(table);
        if (difference is not null)
        {
            Show(terminal, difference);
        }
    }

    private static void Show(Terminal terminal, ReferenceResult difference)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("against the reference", "value");
        table.AddRow("perplexity", WithError(difference.Perplexity));
        table.AddRow("perplexity of the reference", WithError(difference.ReferencePerplexity));
        table.AddRow("ratio", WithError(difference.Ratio));
        table.AddRow("ln of the ratio", WithError(difference.LogRatio));
        table.AddRow("difference", WithError(difference.Difference));
        table.AddRow("correlation of the losses", double.IsNaN(difference.Correlation) ? "-" : Share(difference.Correlation, 2));
        table.AddRow("same top token", $"{Share(difference.SameTop.Value, 3)} ± {Share(difference.SameTop.Error, 3)}");
        table.AddRow("root mean square Δp", $"{Share(difference.RootMeanSquareChange.Value, 3)} ± {Share(difference.RootMeanSquareChange.Error, 3)}");
        terminal.Tables.Write(table);

        var spread = new Table().Border(TableBorder.Rounded).AddColumns("over the tokens", "KL divergence, nats", "Δp of the right token");
        spread.AddRow(
            "mean",
            WithError(difference.Divergence.Mean),
            $"{Share(difference.ProbabilityChange.Mean.Value, 3)} ± {Share(difference.ProbabilityChange.Mean.Error, 3)}");
        foreach (((double percent, double divergence), (_, double change)) in difference.Divergence.Percentiles.Zip(difference.ProbabilityChange.Percentiles))
        {
            spread.AddRow(Percentile(percent), Quantity.Figure(divergence, 6), Share(change, 3));
        }

        terminal.Tables.Write(spread);
        terminal.Output.WriteLine("± takes every token as independent here, as llama.cpp does.");
    }

    private static JsonObject ToJson(ReferenceResult difference) => new()
    {
        ["tokens"] = difference.Tokens,
        ["perplexity"] = ToJson(difference.Perplexity),
        ["referencePerplexity"] = ToJson(difference.ReferencePerplexity),
        ["ratio"] = ToJson(difference.Ratio),
        ["logRatio"] = ToJson(difference.LogRatio),
        ["difference"] = ToJson(difference.Difference),
        ["correlation"] = FiniteOrNull(difference.Correlation),
        ["divergence"] = ToJson(difference.Divergence),
        ["probabilityChange"] = ToJson(difference.ProbabilityChange),
        ["rootMeanSquareChange"] = ToJson(difference.RootMeanSquareChange),
        ["sameTop"] = ToJson(difference.SameTop),
    };

    private static JsonObject ToJson(Distribution distribution) => new()
    {
        ["mean"] = ToJson(distribution.Mean),
        ["percentiles"] = new JsonObject(distribution.Percentiles.Select(entry => KeyValuePair.Create(
            entry.Percent.ToString(CultureInfo.InvariantCulture), FiniteOrNull(entry.Value)))),
    };

    private static JsonObject ToJson(ValueWithError value) => new() { ["value"] = FiniteOrNull(value.Value), ["error"] = FiniteOrNull(value.Error) };

    private static JsonNode? FiniteOrNull(double value) => double.IsFinite(value) ? value : null;

    private static string Word(ErrorUnit unit) => unit switch
    {
        ErrorUnit.Documents => "documents",
        ErrorUnit.Tokens => "tokens",
        _ => "windows",
    };

    private static string Percentile(double percent) => percent switch
    {
        100 => "largest",
        50 => "median",
        0 => "smallest",
        _ => string.Create(CultureInfo.InvariantCulture, $"{percent} % lie below"),
    };

    private static string WithError(ValueWithError value) => $"{Quantity.Figure(value.Value, 6)}{PlusMinus(double.IsNaN(value.Error) ? null : value.Error, 6)}";

    private static string PlusMinus(double? error, int decimals) => error is { } value ? $" ± {Quantity.Figure(value, decimals)}" : "";

    private static string Share(double share, int decimals) => $"{Quantity.Figure(100 * share, decimals)}%";
}
