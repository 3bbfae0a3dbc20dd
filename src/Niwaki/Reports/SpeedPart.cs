using System.Text;
using Niwaki.Evaluation.Speed;

namespace Niwaki.Reports;

/// <summary>The part of a page about speed.</summary>
internal static class SpeedPart
{
    /// <summary>The part.</summary>
    /// <param name="speed">The measurement; null: none.</param>
    /// <param name="command">What measures it.</param>
    public static string Write(SpeedReport? speed, string command)
    {
        if (speed is null)
        {
            return $"<p class=\"note\">Not measured. <code>{Html.Escape(command)}</code> measures it and leaves it in the run folder.</p>";
        }

        var html = new StringBuilder();
        html.Append(Html.Table(SpeedTable.Headers(speed), SpeedTable.Rows(speed)));
        html.Append(Html.Table(
            ["model", "parameters", "of which head", "weights in memory", "cache of a token"],
            speed.Models.Select(model => new[]
            {
                model.Name,
                Quantity.Count(model.Parameters),
                Quantity.Count(model.HeadParameters),
                Quantity.Bytes(model.WeightBytes),
                Quantity.Bytes(model.KeyValueBytesPerToken),
            })));
        html.Append(Html.Paragraph(SpeedTable.Explanation(speed), "note"));
        return html.ToString();
    }
}
