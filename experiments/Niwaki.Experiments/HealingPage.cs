using System.Globalization;
using System.Text;

namespace Niwaki.Experiments;

/// <summary>The tables and plots of experiments/healing/README.md, from the CSV files of its runner. Arguments: RUNS-CSV RATES-CSV PAGE; the plots lie beside the page.</summary>
internal static class HealingPage
{
    public static int Run(string[] args)
    {
        string page = args[2];
        Point[] points = Read(args[0]);
        var text = new StringBuilder();
        Rates(text, Read(args[1]));
        foreach (IGrouping<(string Model, string Hash, string Pruning, double Sparsity), Point> each in points.GroupBy(point => (point.Model, point.Hash, point.Pruning, point.Sparsity)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"### {each.Key.Model} ({each.Key.Hash}), {each.Key.Pruning}, {each.Key.Sparsity:P0} of the prunable parameters\n");
            Table(text, [.. each]);
            string name = string.Create(CultureInfo.InvariantCulture, $"{each.Key.Pruning}-{each.Key.Sparsity * 100:F0}");
            string folder = Path.GetDirectoryName(Path.GetFullPath(page))!;
            Plot(Path.Combine(folder, name + "-tokens.svg"), [.. each], "million tokens", point => point.Tokens / 1e6);
            Plot(Path.Combine(folder, name + "-seconds.svg"), [.. each], "minutes", point => point.Seconds / 60);
            text.AppendLine(CultureInfo.InvariantCulture, $"![Held-out loss against tokens]({name}-tokens.svg)\n![Held-out loss against time]({name}-seconds.svg)\n");
        }

        MarkedPage.Write(page, text.ToString());
        return 0;
    }

    private static Point[] Read(string csv) => [.. File.ReadAllLines(csv)[1..].Select(Point.Parse)];

    /// <summary>The last points of short trainings at several rates.</summary>
    private static void Rates(StringBuilder text, Point[] points)
    {
        string[] healings = [.. points.Select(point => point.Healing).Distinct()];
        Point[] last = [.. points.GroupBy(point => (point.Pruning, point.Sparsity, point.Healing)).Select(group => group.MaxBy(point => point.Tokens)!)];
        text.AppendLine(CultureInfo.InvariantCulture, $"### Learning rates\n\nLoss on the calibration text after {last[0].Tokens / 1e6:0.##} million tokens, nats per token.\n");
        text.AppendLine($"| pruning | {string.Join(" | ", healings)} |\n| --- |{string.Concat(healings.Select(_ => " ---: |"))}");
        foreach (IGrouping<(string Pruning, double Sparsity), Point> row in last.GroupBy(point => (point.Pruning, point.Sparsity)))
        {
            string cells = string.Join(" | ", healings.Select(name => row.FirstOrDefault(point => point.Healing == name) is { } point ? point.Loss.ToString("F3", CultureInfo.InvariantCulture) : ""));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Key.Pruning}, {row.Key.Sparsity:P0} | {cells} |");
        }

        text.AppendLine();
    }

    private static void Table(StringBuilder text, Point[] points)
    {
        long[] tokens = [.. points.Where(point => point.Healing != "reconstruction").Select(point => point.Tokens).Distinct().Order()];
        text.AppendLine("Held-out loss, nats per token; the time of the last point in brackets.\n");
        text.AppendLine($"| healing | {string.Join(" | ", tokens.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.##} M")))} |");
        text.AppendLine($"| --- |{string.Concat(tokens.Select(_ => " ---: |"))}");
        foreach (IGrouping<string, Point> healing in points.GroupBy(point => point.Healing))
        {
            Point last = healing.MaxBy(point => point.Tokens)!;
            string cells = string.Join(" | ", tokens.Select(count => healing.FirstOrDefault(point => point.Tokens == count) is { } point ? Cell(point, last) : ""));
            string extra = tokens.Contains(last.Tokens) ? "" : string.Create(CultureInfo.InvariantCulture, $", {last.Tokens / 1e6:0.##} M tokens: {Cell(last, last)}");
            text.AppendLine($"| {healing.Key}{extra} | {cells} |");
        }

        text.AppendLine();
    }

    private static string Cell(Point point, Point last) =>
        string.Create(CultureInfo.InvariantCulture, $"{point.Loss:F3}{(point == last ? $" ({point.Seconds / 60:F0} min)" : "")}");

    private static void Plot(string path, Point[] points, string axis, Func<Point, double> x) =>
        new LinePlot(axis, "held-out loss, nats", [.. points.GroupBy(point => point.Healing).Select(healing => (healing.Key, healing.Select(point => (x(point), point.Loss)).ToArray()))], RootScale: true)
            .Write(path);

    /// <summary>A line of the CSV file.</summary>
    private sealed record Point(string Model, string Hash, string Pruning, double Sparsity, string Healing, long Tokens, double Seconds, double Loss)
    {
        public static Point Parse(string line)
        {
            string[] cells = line.Split(',');
            double Number(int index) => double.Parse(cells[index], CultureInfo.InvariantCulture);
            return new Point(cells[0], cells[1], cells[2], Number(3), cells[4], long.Parse(cells[5], CultureInfo.InvariantCulture), Number(6), Number(7));
        }
    }
}
