using System.Globalization;
using System.Text;

namespace Niwaki.Experiments;

/// <summary>The tables and plots of experiments/width/README.md, from the CSV files of its runner. Arguments: CSV PAGE; the plots lie beside the page.</summary>
internal static class WidthPage
{
    private static readonly string[] Methods =
        ["random", "magnitude", "wanda", "fluctuation", "FLAP", "bonsai of 2 sub-models", "bonsai published", "bonsai ridge", "niwaki without bias", "niwaki"];

    public static int Run(string[] args)
    {
        Row[] rows = [.. File.ReadAllLines(args[0])[1..].Select(Row.Parse)];
        string[][] rounds = [.. File.ReadAllLines(Path.ChangeExtension(args[0], ".rounds.csv"))[1..].Select(line => line.Split(','))];
        string folder = Path.GetDirectoryName(Path.GetFullPath(args[1]))!;
        var text = new StringBuilder();
        Rounds(text, rounds);
        foreach (IGrouping<(string Model, string Hash, string Units), Row> group in rows.GroupBy(row => (row.Model, row.Hash, row.Units)))
        {
            string units = group.Key.Units == "Neurons" ? "MLP only" : "attention with MLP";
            text.AppendLine(CultureInfo.InvariantCulture, $"### {group.Key.Model} ({group.Key.Hash}), {units}\n");
            Losses(text, [.. group]);
            Costs(text, [.. group]);
            string plot = $"{group.Key.Model}-{group.Key.Units.ToLowerInvariant()}.svg";
            Plot(Path.Combine(folder, plot), [.. group]);
            text.AppendLine(CultureInfo.InvariantCulture, $"![Increase of held-out loss against sparsity]({plot})\n");
        }

        MarkedPage.Write(args[1], text.ToString());
        return 0;
    }

    /// <summary>What the regressions knew, means over models' rounds and seeds.</summary>
    private static void Rounds(StringBuilder text, string[][] rounds)
    {
        text.AppendLine("### What the regression of a round knows\n");
        text.AppendLine("Means over all rounds and seeds. Kendall's tau on held-out sub-models, and of permuted utilities; share of the removed parameters that the prior alone would have");
        text.AppendLine("removed, and by chance; rank correlation of the scores from either half of the sub-models; deviation of the neurons removed from block to block over that of coin flips.\n");
        text.AppendLine("| model | units | method | rounds | tau | permuted | by the prior | by chance | halves | spread over blocks |");
        text.AppendLine("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (IGrouping<(string, string, string), string[]> group in rounds.Where(row => row[6] != "2").GroupBy(row => (row[0], row[3], row[4])))
        {
            double Mean(int cell) => group.Where(row => row[cell].Length > 0).Select(row => Number(row[cell])).DefaultIfEmpty(double.NaN).Average();
            double spread = group.Where(row => Number(row[11]) > 0).Select(row => Number(row[10]) / Number(row[11])).DefaultIfEmpty(double.NaN).Average();
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {group.Key.Item1} | {group.Key.Item2.ToLowerInvariant()} | {group.Key.Item3} | {group.Count()} | {Mean(12):F3} | {Mean(13):F3} | {Mean(15):F3} | {Mean(16):F3} | {Mean(17):F3} | {spread:F2} |");
        }

        text.AppendLine();
    }

    private static void Losses(StringBuilder text, Row[] rows)
    {
        double[] sparsities = [.. rows.Select(row => row.Sparsity).Distinct().Order()];
        text.AppendLine("Increase of held-out loss in nats, mean over the seeds ± standard error of the mean (over the seeds; with one seed over the windows); share of bonsai published's in brackets.\n");
        text.AppendLine(CultureInfo.InvariantCulture, $"| method | seeds | {string.Join(" | ", sparsities.Select(sparsity => $"{sparsity:P0}"))} |");
        text.AppendLine($"| --- | ---: |{string.Concat(sparsities.Select(_ => " ---: |"))}");
        foreach (string method in Methods.Where(method => rows.Any(row => row.Method == method)))
        {
            string cells = string.Join(" | ", sparsities.Select(sparsity => Cell(rows, method, sparsity)));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {method} | {rows.Where(row => row.Method == method).Select(row => row.Seed).Distinct().Count()} | {cells} |");
        }

        text.AppendLine();
    }

    private static string Cell(Row[] rows, string method, double sparsity)
    {
        Row[] own = [.. rows.Where(row => row.Method == method && row.Sparsity == sparsity)];
        double[] bonsai = [.. rows.Where(row => row.Method == "bonsai published" && row.Sparsity == sparsity).Select(row => row.Increase)];
        if (own.Length == 0)
        {
            return "";
        }

        double[] increases = [.. own.Select(row => row.Increase)];
        double mean = increases.Average();
        double error = own.Length == 1
            ? own[0].Error
            : Math.Sqrt(increases.Sum(value => (value - mean) * (value - mean)) / (own.Length - 1) / own.Length);
        string share = bonsai.Length == 0 || method == "bonsai published" ? "" : string.Create(CultureInfo.InvariantCulture, $" ({mean / bonsai.Average():F2})");
        return string.Create(CultureInfo.InvariantCulture, $"{mean:F3} ± {error:F3}{share}");
    }

    private static void Costs(StringBuilder text, Row[] rows)
    {
        double[] sparsities = [.. rows.Select(row => row.Sparsity).Distinct().Order()];
        text.AppendLine("Million forward tokens, and seconds on one thread of a shared machine in brackets:\n");
        text.AppendLine(CultureInfo.InvariantCulture, $"| method | {string.Join(" | ", sparsities.Select(sparsity => $"{sparsity:P0}"))} |");
        text.AppendLine($"| --- |{string.Concat(sparsities.Select(_ => " ---: |"))}");
        foreach (string method in Methods.Where(method => rows.Any(row => row.Method == method && row.Tokens > 0)))
        {
            string cells = string.Join(" | ", sparsities.Select(sparsity =>
            {
                Row[] own = [.. rows.Where(row => row.Method == method && row.Sparsity == sparsity)];
                return own.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{own.Average(row => row.Tokens) / 1e6:F2} ({own.Average(row => row.Seconds):F0})");
            }));
            text.AppendLine($"| {method} | {cells} |");
        }

        text.AppendLine();
    }

    private static void Plot(string path, Row[] rows) =>
        new LinePlot("sparsity", "increase of held-out loss, nats", [.. Methods.Where(method => rows.Any(row => row.Method == method)).Select(method => (
            method,
            rows.Where(row => row.Method == method).GroupBy(row => row.Sparsity).Select(group => (group.Key, group.Average(row => row.Increase))).ToArray()))]).Write(path);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A line of the CSV file.</summary>
    private sealed record Row(string Model, string Hash, string Seed, string Units, double Sparsity, string Method, double Increase, double Error, double Tokens, double Seconds)
    {
        public static Row Parse(string line)
        {
            string[] cells = line.Split(',');
            return new Row(
                cells[0], cells[1], cells[2], cells[3], Number(cells[4]), cells[5], Number(cells[8]) - Number(cells[7]), Number(cells[9]), Number(cells[10]), Number(cells[11]));
        }
    }
}
