using System.Globalization;
using System.Text;

namespace Niwaki.Experiments;

/// <summary>The tables and plots of experiments/healing/README.md, from the CSV file of its runner. Arguments: CSV PAGE; the plots lie beside the page.</summary>
internal static class HealingPage
{
    private const string Begin = "<!-- tables -->";
    private const string End = "<!-- end of tables -->";
    private static readonly string[] Colours = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"];

    public static int Run(string[] args)
    {
        Point[] points = [.. File.ReadAllLines(args[0])[1..].Select(Point.Parse)];
        var text = new StringBuilder(Begin + "\n\n");
        foreach (IGrouping<(string Model, string Hash, string Pruning, double Sparsity), Point> each in points.GroupBy(point => (point.Model, point.Hash, point.Pruning, point.Sparsity)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"### {each.Key.Model} ({each.Key.Hash}), {each.Key.Pruning}, {each.Key.Sparsity:P0} of the prunable parameters\n");
            Table(text, [.. each]);
            string name = string.Create(CultureInfo.InvariantCulture, $"{each.Key.Pruning}-{each.Key.Sparsity * 100:F0}");
            string folder = Path.GetDirectoryName(Path.GetFullPath(args[1]))!;
            Plot(Path.Combine(folder, name + "-tokens.svg"), [.. each], "million tokens", point => point.Tokens / 1e6);
            Plot(Path.Combine(folder, name + "-seconds.svg"), [.. each], "minutes", point => point.Seconds / 60);
            text.AppendLine(CultureInfo.InvariantCulture, $"![Held-out loss against tokens]({name}-tokens.svg)\n![Held-out loss against time]({name}-seconds.svg)\n");
        }

        string page = File.ReadAllText(args[1]);
        int first = page.IndexOf(Begin, StringComparison.Ordinal), last = page.IndexOf(End, StringComparison.Ordinal);
        File.WriteAllText(args[1], page[..first] + text + page[last..]);
        return 0;
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

    /// <summary>Lines over a root scale, on which the first tokens, where most happens, have room.</summary>
    private static void Plot(string path, Point[] points, string axis, Func<Point, double> x)
    {
        const int Width = 720, Height = 420, Left = 60, Right = 190, Top = 20, Bottom = 50;
        double most = Math.Max(1e-9, points.Max(x)), low = points.Min(point => point.Loss), high = points.Max(point => point.Loss);
        double margin = Math.Max(1e-3, 0.05 * (high - low));
        (low, high) = (low - margin, high + margin);
        double X(double value) => Left + (Math.Sqrt(value / most) * (Width - Left - Right));
        double Y(double value) => Top + ((high - value) / (high - low) * (Height - Top - Bottom));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        for (int i = 0; i <= 4; i++)
        {
            double tokens = most * i * i / 16, loss = low + ((high - low) * i / 4);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{X(tokens):F1}\" x2=\"{X(tokens):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{X(tokens):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{tokens:0.##}</text>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(loss):F1}\" y2=\"{Y(loss):F1}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(loss) + 4:F1}\" text-anchor=\"end\">{loss:F2}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{axis}</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{(Top + Height - Bottom) / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {(Top + Height - Bottom) / 2})\">held-out loss, nats</text>");
        int line = 0;
        foreach (IGrouping<string, Point> healing in points.GroupBy(point => point.Healing))
        {
            string colour = Colours[line % Colours.Length];
            Point[] ordered = [.. healing.OrderBy(x)];
            string places = string.Join(' ', ordered.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(x(point)):F1},{Y(point.Loss):F1}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{places}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            foreach (Point point in ordered)
            {
                svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x(point)):F1}\" cy=\"{Y(point.Loss):F1}\" r=\"3\" fill=\"{colour}\"/>");
            }

            svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{Width - Right + 14}\" y=\"{Top + (line * 20)}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 32}\" y=\"{Top + (line * 20) + 11}\">{healing.Key}</text>");
            line++;
        }

        svg.AppendLine("</svg>");
        File.WriteAllText(path, svg.ToString());
    }

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
