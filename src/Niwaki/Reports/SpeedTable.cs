using System.Globalization;
using System.Text;
using Niwaki.Evaluation.Speed;

namespace Niwaki.Reports;

/// <summary>A measurement of speed as a table of texts, for terminals, Markdown and pages.</summary>
public static class SpeedTable
{
    /// <summary>Names of the columns.</summary>
    /// <param name="speed">The measurement.</param>
    public static IReadOnlyList<string> Headers(SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(speed);
        string[] names = [.. speed.Models.Select(model => model.Name)];
        return speed.Models.Count == 1 ? ["", .. names] : ["", .. names, "ratio", "of blocks"];
    }

    /// <summary>One row a figure: a column a model, ratios behind them.</summary>
    /// <param name="speed">The measurement.</param>
    public static IEnumerable<IReadOnlyList<string>> Rows(SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(speed);
        yield return Line(speed, "weights in memory", speed.Models.Select(model => Quantity.Bytes(model.WeightBytes)), Less(speed, model => model.WeightBytes), "");
        yield return Line(speed, "cache of a token", speed.Models.Select(model => Quantity.Bytes(model.KeyValueBytesPerToken)), Less(speed, model => model.KeyValueBytesPerToken), "");
        foreach (SpeedRow row in speed.Rows.Where(row => row.Model == 0))
        {
            SpeedRow[] rows = speed.Beside(row) is { } other ? [row, other] : [row];
            string what = string.Create(CultureInfo.InvariantCulture, $"batch {row.Batch}, {row.Prompt} + {row.Generated}: ");
            yield return Line(speed, what + "prefill tokens/s", rows.Select(r => Rate(r.Prefill)), Ratio(rows, r => r.Prefill.Median), Ratio(rows, r => r.PrefillOfBlocks.Median));
            yield return Line(speed, "decode tokens/s", rows.Select(r => Rate(r.Decode)), Ratio(rows, r => r.Decode.Median), Ratio(rows, r => r.DecodeOfBlocks.Median));
            yield return Line(speed, "written tokens/s, prompt included", rows.Select(r => Rate(r.Throughput)), Ratio(rows, r => r.Throughput.Median), "");
            yield return Line(speed, "first token", rows.Select(r => Milliseconds(r.FirstToken)), Ratio(rows, r => r.FirstToken.Median), "");
            yield return Line(speed, "peak memory", rows.Select(r => Quantity.Bytes(r.PeakBytes)), Ratio(rows, r => r.PeakBytes), "");
        }
    }

    /// <summary>What the figures mean.</summary>
    /// <param name="speed">The measurement.</param>
    public static string Explanation(SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(speed);
        string turns = speed.Models.Count > 1 ? $" Ratios to '{speed.Models[1].Name}'; the models took turns." : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Median (lowest, highest) of {speed.Rounds} runs after those that do not count, {speed.Threads} threads, {speed.VectorPath} instructions, {speed.Machine}.{turns} "
            + $"Tokens of all sequences of the batch count; choosing them is left out. Rates hold the output head, which pruning does not make smaller; those of blocks leave it out. "
            + $"Peak memory: weights, caches and activations, without the mapped model file and the program.");
    }

    /// <summary>The whole table in Markdown.</summary>
    /// <param name="speed">The measurement.</param>
    public static string Markdown(SpeedReport speed)
    {
        IReadOnlyList<string> headers = Headers(speed);
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", headers.Select(MarkdownText.Cell)).Append(" |\n| --- |").AppendJoin('|', headers.Skip(1).Select(_ => " ---: ")).Append("|\n");
        foreach (IReadOnlyList<string> row in Rows(speed))
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        return text.Append('\n').Append(MarkdownText.Inline(Explanation(speed))).Append('\n').ToString();
    }

    private static string[] Line(SpeedReport speed, string name, IEnumerable<string> figures, string ratio, string ofBlocks) =>
        speed.Models.Count == 1 ? [name, .. figures] : [name, .. figures, ratio, ofBlocks];

    private static string Less(SpeedReport speed, Func<SpeedModel, long> figure) =>
        speed.Models.Count < 2 || figure(speed.Models[1]) == 0 ? "" : Quantity.Figure((double)figure(speed.Models[0]) / figure(speed.Models[1]), 2);

    private static string Milliseconds(Spread seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds.Median * 1000:N1} ms");

    private static string Rate(Spread spread) => string.Create(CultureInfo.InvariantCulture, $"{spread.Median:N1} ({spread.Low:N1}, {spread.High:N1})");

    private static string Ratio(SpeedRow[] rows, Func<SpeedRow, double> figure) =>
        rows.Length < 2 || figure(rows[1]) == 0 ? "" : Quantity.Figure(figure(rows[0]) / figure(rows[1]), 2);
}
