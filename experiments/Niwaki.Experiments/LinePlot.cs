using System.Globalization;
using System.Text;

namespace Niwaki.Experiments;

/// <summary>Lines as an SVG file of its own: a name, and points from left to right, for each.</summary>
/// <param name="XAxis">Name of the horizontal axis.</param>
/// <param name="YAxis">Name of the vertical axis.</param>
/// <param name="Lines">The lines, in the order of their legend.</param>
/// <param name="RootScale">Whether places on the horizontal axis are square roots, so that the beginning, where most happens, has room.</param>
internal sealed record LinePlot(string XAxis, string YAxis, IReadOnlyList<(string Name, (double X, double Y)[] Points)> Lines, bool RootScale = false)
{
    private const int Width = 720;
    private const int Height = 420;
    private const int Left = 60;
    private const int Right = 200;
    private const int Top = 20;
    private const int Bottom = 50;
    private static readonly string[] Colours =
        ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        (double X, double Y)[] all = [.. Lines.SelectMany(line => line.Points)];
        double most = Math.Max(1e-9, all.Max(point => point.X)), low = all.Min(point => point.Y), high = all.Max(point => point.Y);
        double margin = Math.Max(1e-3, 0.05 * (high - low));
        (low, high) = (low - margin, high + margin);
        double X(double value) => Left + ((RootScale ? Math.Sqrt(value / most) : value / most) * (Width - Left - Right));
        double Y(double value) => Top + ((high - value) / (high - low) * (Height - Top - Bottom));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        for (int i = 0; i <= 4; i++)
        {
            double x = most * i * (RootScale ? i : 4) / 16, y = low + ((high - low) * i / 4);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{X(x):F1}\" x2=\"{X(x):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{X(x):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{x:0.###}</text>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y):F1}\" y2=\"{Y(y):F1}\" stroke=\"#ddd\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(y) + 4:F1}\" text-anchor=\"end\">{y:F2}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{XAxis}</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{(Top + Height - Bottom) / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {(Top + Height - Bottom) / 2})\">{YAxis}</text>");
        for (int line = 0; line < Lines.Count; line++)
        {
            string colour = Colours[line % Colours.Length];
            (double X, double Y)[] points = [.. Lines[line].Points.OrderBy(point => point.X)];
            string places = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(point.Y):F1}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{places}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            foreach ((double x, double y) in points)
            {
                svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x):F1}\" cy=\"{Y(y):F1}\" r=\"3\" fill=\"{colour}\"/>");
            }

            svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{Width - Right + 14}\" y=\"{Top + (line * 20)}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 32}\" y=\"{Top + (line * 20) + 11}\">{Lines[line].Name}</text>");
        }

        svg.AppendLine("</svg>");
        File.WriteAllText(path, svg.ToString());
    }
}
