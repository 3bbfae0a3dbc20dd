using System.Globalization;
using System.Text;

namespace Niwaki.Reports.Charts;

/// <summary>Values by sparsity as SVG: a line through the medians, a bar from the lowest to the highest of each.</summary>
/// <param name="XAxis">Name of the horizontal axis.</param>
/// <param name="YAxis">Name of the vertical axis.</param>
/// <param name="Points">Points by ascending sparsity, one or more.</param>
/// <param name="Marks">Named points beside the line, such as the one that was chosen; drawn as rings.</param>
internal sealed record RangeChart(string XAxis, string YAxis, IReadOnlyList<SearchPoint> Points, IReadOnlyList<(string Name, double Sparsity, double Value)> Marks)
{
    private const int Width = 340;
    private const int Height = 240;
    private const int Left = 46;
    private const int Right = 12;
    private const int Top = 24;
    private const int Bottom = 38;
    private const int Steps = 4;

    private double Most => Math.Max(1e-9, Points.Select(point => point.Sparsity).Concat(Marks.Select(mark => mark.Sparsity)).Max());

    /// <summary>The picture.</summary>
    public string ToSvg()
    {
        double low = Points.Select(point => point.Low).Concat(Marks.Select(mark => mark.Value)).Min();
        double high = Points.Select(point => point.High).Concat(Marks.Select(mark => mark.Value)).Max();
        double margin = Math.Max(1e-3, 0.06 * (high - low));
        (low, high) = (low - margin, high + margin);
        double most = Most;
        double X(double sparsity) => Left + (sparsity / most * (Width - Left - Right));
        double Y(double value) => Top + ((high - value) / (high - low) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Html.Escape(YAxis)} by {Html.Escape(XAxis)}\">");
        for (int i = 0; i <= Steps; i++)
        {
            double sparsity = most * i / Steps, value = low + ((high - low) * i / Steps);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:0.00}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(sparsity):0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{sparsity * 100:0.#}%</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Html.Escape(XAxis)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"6\" y=\"12\">{Html.Escape(YAxis)}</text>");
        string line = string.Join(' ', Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Sparsity):0.#},{Y(point.Median):0.#}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\"/>");
        foreach (SearchPoint point in Points)
        {
            string note = point.Count == 1
                ? string.Create(CultureInfo.InvariantCulture, $"sparsity {point.Sparsity:P1}: {point.Median:0.0000}")
                : string.Create(CultureInfo.InvariantCulture, $"sparsity {point.Sparsity:P1}: median {point.Median:0.0000} of {point.Count} sub-models, {point.Low:0.0000} to {point.High:0.0000}");
            svg.Append(CultureInfo.InvariantCulture, $"<g><title>{note}</title><line class=\"range\" x1=\"{X(point.Sparsity):0.#}\" x2=\"{X(point.Sparsity):0.#}\" y1=\"{Y(point.Low):0.#}\" y2=\"{Y(point.High):0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(point.Sparsity):0.#}\" cy=\"{Y(point.Median):0.#}\" r=\"3\"/></g>");
        }

        foreach ((string name, double sparsity, double value) in Marks)
        {
            string anchor = sparsity > most / 2 ? "end" : "start";
            double offset = sparsity > most / 2 ? -8 : 8;
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"mark\" cx=\"{X(sparsity):0.#}\" cy=\"{Y(value):0.#}\" r=\"6\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"name\" x=\"{X(sparsity) + offset:0.#}\" y=\"{Y(value) - 9:0.#}\" text-anchor=\"{anchor}\">{Html.Escape(name)}</text>");
        }

        return svg.Append("</svg>").ToString();
    }
}
