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
        string[] first = ["batch", "prompt + written"];
        string[] figures = ["prefill tokens/s", "decode tokens/s", "first token", "peak memory", "cache"];
        return speed.Models.Count == 1
            ? [.. first, .. figures]
            : [.. first, .. figures.SelectMany(figure => new[] { figure, "against" }), "prefill ratio", "decode ratio", "of blocks: prefill", "decode"];
    }

    /// <summary>The rows: median and spread.</summary>
    /// <param name="speed">The measurement.</param>
    public static IEnumerable<IReadOnlyList<string>> Rows(SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(speed);
        foreach (SpeedRow row in speed.Rows.Where(row => row.Model == 0))
        {
            SpeedRow? other = speed.Beside(row);
            string[] first = [Text(row.Batch), $"{Text(row.Prompt)} + {Text(row.Generated)}"];
            string[] own = Figures(row);
            yield return other is null
                ? [.. first, .. own]
                :
                [
                    .. first, .. own.Zip(Figures(other), (a, b) => new[] { a, b }).SelectMany(pair => pair),
                    Ratio(row.Prefill, other.Prefill), Ratio(row.Decode, other.Decode), Ratio(row.PrefillOfBlocks, other.PrefillOfBlocks), Ratio(row.DecodeOfBlocks, other.DecodeOfBlocks),
                ];
        }
    }

    /// <summary>What the figures mean.</summary>
    /// <param name="speed">The measurement.</param>
    public static string Explanation(SpeedReport speed)
    {
        ArgumentNullException.ThrowIfNull(speed);
        string turns = speed.Models.Count > 1 ? $" Against: {speed.Models[1].Name}; the models took turns." : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Median (lowest, highest) of {speed.Rounds} runs after one that was not counted, {speed.Threads} threads, {speed.VectorPath} instructions, {speed.Machine}.{turns} "
            + $"Tokens of all sequences of the batch count. Rates hold the output head, which pruning does not make smaller; those of blocks leave it out. "
            + $"Peak memory: weights, caches and activations, without the mapped model file and the program.");
    }

    /// <summary>The whole table in Markdown.</summary>
    /// <param name="speed">The measurement.</param>
    public static string Markdown(SpeedReport speed)
    {
        IReadOnlyList<string> headers = Headers(speed);
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", headers).Append(" |\n|").AppendJoin('|', headers.Select(_ => " ---: ")).Append("|\n");
        foreach (IReadOnlyList<string> row in Rows(speed))
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        return text.Append('\n').Append(MarkdownText.Inline(Explanation(speed))).Append('\n').ToString();
    }

    private static string[] Figures(SpeedRow row) =>
    [
        Rate(row.Prefill), Rate(row.Decode), string.Create(CultureInfo.InvariantCulture, $"{row.FirstToken.Median * 1000:0.#} ms"),
        Quantity.Bytes(row.PeakBytes), Quantity.Bytes(row.KeyValueBytes),
    ];

    private static string Rate(Spread spread) => string.Create(CultureInfo.InvariantCulture, $"{spread.Median:N1} ({spread.Low:N1}, {spread.High:N1})");

    private static string Ratio(Spread own, Spread other) => Quantity.Figure(own.Median / other.Median, 2);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
