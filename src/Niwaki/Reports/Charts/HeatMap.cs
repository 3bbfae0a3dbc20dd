using System.Globalization;
using System.Text;

namespace Niwaki.Reports.Charts;

/// <summary>A table of shades as SVG, one row a block: from empty to the full colour of the page.</summary>
/// <param name="Rows">For every block a shade a cell, 0 to 1; NaN leaves a cell out.</param>
/// <param name="Notes">For every block a note a cell, shown when a pointer rests on it.</param>
/// <param name="Label">What the picture shows, for those who cannot see it.</param>
internal sealed record HeatMap(IReadOnlyList<double[]> Rows, IReadOnlyList<string[]> Notes, string Label)
{
    private const int Width = 340;
    private const int Left = 30;
    private const int WidestCell = 48;

    /// <summary>The picture.</summary>
    public string ToSvg()
    {
        int columns = Math.Max(1, Rows.Max(row => row.Length));
        double width = Math.Min(WidestCell, (double)(Width - Left) / columns);
        int height = Rows.Count <= 40 ? 14 : 8;
        double gap = width >= 6 ? 1.5 : 0.3;
        int total = (Rows.Count * height) + 2;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"map\" viewBox=\"0 0 {Width} {total}\" role=\"img\" aria-label=\"{Html.Escape(Label)}\">");
        for (int row = 0; row < Rows.Count; row++)
        {
            int y = row * height;
            if (height > 10 || row % 4 == 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{y + (height / 2) + 4}\" text-anchor=\"end\">{row}</text>");
            }

            for (int column = 0; column < Rows[row].Length; column++)
            {
                AppendCell(svg, row, column, Left + (column * width), y, width - gap, height - 1.5);
            }
        }

        return svg.Append("</svg>").ToString();
    }

    private void AppendCell(StringBuilder svg, int row, int column, double x, double y, double width, double height)
    {
        double shade = Rows[row][column];
        if (double.IsNaN(shade))
        {
            return;
        }

        shade = Math.Clamp(shade, 0, 1);
        string state = shade == 0 ? "empty" : "full";
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{state}\" x=\"{x:0.##}\" y=\"{y + 0.75:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\"");
        if (shade is > 0 and < 1)
        {
            svg.Append(CultureInfo.InvariantCulture, $" fill-opacity=\"{0.12 + (0.88 * shade):0.##}\"");
        }

        svg.Append("><title>").Append(Html.Escape(Notes[row][column])).Append("</title></rect>");
    }
}
