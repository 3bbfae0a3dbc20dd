using System.Globalization;
using System.Text;

namespace Niwaki.Experiments;

/// <summary>The tables of experiments/depth/README.md, from the CSV files of its runners, written between two marks of the page.</summary>
internal static class DepthPage
{
    private static readonly string[] Methods = ["swaps", "greedy", "oneshot", "oneshot kl", "influence", "magnitude", "last", "random"];

    public static int Run(string[] args)
    {
        Row[] rows = [.. File.ReadAllLines(args[0])[1..].Select(Row.Parse)];
        var text = new StringBuilder();
        Optimality(text, rows);
        Cases(text, rows);
        Combination(text, [.. File.ReadAllLines(args[1])[1..].Select(line => line.Replace(", ", "; ", StringComparison.Ordinal).Split(','))]);
        MarkedPage.Write(args[2], text.ToString());
        return 0;
    }

    /// <summary>For each method: in how many cases it finds the best subset, and what it costs beside it.</summary>
    private static void Optimality(StringBuilder text, Row[] rows)
    {
        IGrouping<string, Row>[] cases = [.. rows.GroupBy(row => row.Case)];
        text.AppendLine(CultureInfo.InvariantCulture, $"### All {cases.Length} cases\n");
        text.AppendLine("| method | finds the best subset | calibration loss increase, share of the best subset's | held-out loss increase, share of the best subset's |");
        text.AppendLine("| --- | ---: | ---: | ---: |");
        foreach (string method in Methods)
        {
            double hits = 0, calibration = 0, evaluation = 0;
            foreach (IGrouping<string, Row> each in cases)
            {
                Row dense = each.First(row => row.Method == "dense"), best = each.First(row => row.Method == "exhaustive");
                Row[] found = [.. each.Where(row => row.Method == method)];
                hits += found.Average(row => row.Calibration <= best.Calibration + 1e-9 ? 1.0 : 0);
                calibration += found.Average(row => row.Calibration - dense.Calibration) / (best.Calibration - dense.Calibration);
                evaluation += found.Average(row => row.Evaluation - dense.Evaluation) / (best.Evaluation - dense.Evaluation);
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"| {method} | {100 * hits / cases.Length:F1}% | {calibration / cases.Length:F3} | {evaluation / cases.Length:F3} |");
        }

        text.AppendLine();
    }

    /// <summary>For each model, kind of unit and number removed the held-out loss of every method, means over the seeds.</summary>
    private static void Cases(StringBuilder text, Row[] rows)
    {
        foreach (IGrouping<string, Row> model in rows.GroupBy(row => $"{row.Model} ({row.Hash}), {row.Units.ToLowerInvariant()}s"))
        {
            int seeds = model.Select(row => row.Seed).Distinct().Count();
            text.AppendLine(CultureInfo.InvariantCulture, $"### {model.Key}, {(seeds == 1 ? "one draw" : $"means of {seeds} draws")}\n");
            text.AppendLine("Held-out loss. The best subset on the calibration text, and on the held-out text itself:\n");
            text.AppendLine($"| removed | best, calibration | best, held-out | {string.Join(" | ", Methods)} | swaps finds the best |");
            text.AppendLine($"| ---: | ---: | ---: |{string.Concat(Methods.Select(_ => " ---: |"))} ---: |");
            foreach (IGrouping<int, Row> count in model.GroupBy(row => row.Count).OrderBy(group => group.Key))
            {
                string cells = string.Join(" | ", Methods.Select(method => Mean(count, method)));
                double hits = count.GroupBy(row => row.Seed).Average(seed =>
                    seed.First(row => row.Method == "swaps").Calibration <= seed.First(row => row.Method == "exhaustive").Calibration + 1e-9 ? 1.0 : 0);
                text.AppendLine(
                    CultureInfo.InvariantCulture, $"| {count.Key} | {Mean(count, "exhaustive")} | {Mean(count, "exhaustive on evaluation")} | {cells} | {100 * hits:F0}% |");
            }

            text.AppendLine();
        }
    }

    private static void Combination(StringBuilder text, string[][] rows)
    {
        text.AppendLine("### Depth, width and both\n");
        text.AppendLine("Held-out loss increase in nats, mean ± standard error over the seeds; forward tokens; sparsity reached.\n");
        text.AppendLine("| model | sparsity | method | loss increase | forward tokens | reached |");
        text.AppendLine("| --- | ---: | --- | ---: | ---: | ---: |");
        foreach (IGrouping<(string, string, string), string[]> group in rows.GroupBy(row => (row[0], row[3], row[4])))
        {
            double[] increases = [.. group.Select(row => Number(row[7]) - Number(row[6]))];
            double mean = increases.Average();
            string error = increases.Length < 2
                ? "(one seed)"
                : string.Create(CultureInfo.InvariantCulture, $"± {Math.Sqrt(increases.Sum(x => (x - mean) * (x - mean)) / (increases.Length - 1) / increases.Length):F3}");
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {group.Key.Item1} | {group.Key.Item2} | {group.Key.Item3.Replace(";", ",", StringComparison.Ordinal)} | {mean:F3} {error} | {group.Average(row => Number(row[8])):N0} | {group.Average(row => Number(row[5])):F3} |");
        }

        text.AppendLine();
    }

    private static string Mean(IEnumerable<Row> rows, string method) =>
        rows.Where(row => row.Method == method).Average(row => row.Evaluation).ToString("F3", CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A line of the first CSV file.</summary>
    private sealed record Row(string Model, string Hash, string Seed, string Units, int Count, string Method, double Calibration, double Evaluation)
    {
        public string Case => $"{Model} {Seed} {Units} {Count}";

        public static Row Parse(string line)
        {
            string[] cells = line.Split(',');
            return new Row(cells[0], cells[1], cells[2], cells[3], int.Parse(cells[4], CultureInfo.InvariantCulture), cells[5], Number(cells[6]), Number(cells[7]));
        }
    }
}
