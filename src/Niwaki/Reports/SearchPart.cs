using System.Globalization;
using System.Text;
using Niwaki.Reports.Charts;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>The part of a page about the search: value against sparsity, and what every round knew.</summary>
internal static class SearchPart
{
    /// <summary>The part. The text that decided and the one that measured stand in pictures of their own, since their losses do not compare.</summary>
    public static string Write(RunFacts facts)
    {
        RunReport report = facts.Report;
        var html = new StringBuilder("<div class=\"figures-row\">");
        if (double.IsFinite(report.LossBefore) && double.IsFinite(report.LossAfter))
        {
            SearchPoint[] ends = [SearchPoint.Of(0, [report.LossBefore])!, SearchPoint.Of(report.SparsityReached, [report.LossAfter])!];
            var chart = new RangeChart("sparsity", "loss, nats per token", ends, [("this model", report.SparsityReached, report.LossAfter)]);
            html.Append(Html.Figure("On the evaluation text", chart.ToSvg(), $"Measured before and after, nothing between: {RunPage.ProtocolOf(report)}."));
        }

        if (facts.Search.Missing is { } missing)
        {
            html.Append(Html.Figure("While it searched", "", missing));
        }
        else
        {
            html.Append(Html.Figure(
                "While it searched",
                new RangeChart("sparsity", $"{facts.Search.Measure}, nats per token", facts.Search.Points, Chosen(facts)).ToSvg(),
                facts.Search.Points.Any(point => point.Count > 1)
                    ? "Calibration text: sub-models that the rounds tried, lowest to highest, the median on the line. Not to be compared with the evaluation text."
                    : "Calibration text: the best model of each size on the way. Not to be compared with the evaluation text."));
        }

        html.Append("</div>");
        if (report.Rounds is { Count: > 0 } rounds)
        {
            html.Append("<details><summary>What every round knew</summary>").Append(Rounds(rounds)).Append("</details>");
        }

        return html.ToString();
    }

    /// <summary>Where the run stopped, on a path of single models.</summary>
    private static (string Name, double Sparsity, double Value)[] Chosen(RunFacts facts) =>
        facts.Search.Points.All(point => point.Count == 1) && facts.Search.Points.FirstOrDefault(point => point.Sparsity >= facts.Report.SparsityReached - 1e-9) is { } point
            ? [("this model", point.Sparsity, point.Median)]
            : [];

    private static string Rounds(IReadOnlyList<ReportedRound> rounds) => Html.Table(
        ["round", "evaluations", "units to choose from", "KV groups out", "neurons out", "held-out tau", "tau by chance", "agrees with the prior", "by chance", "time"],
        rounds.Select(round => new[]
        {
            round.Round.ToString(CultureInfo.InvariantCulture),
            Quantity.Count(round.Evaluations),
            Quantity.Count(round.PoolUnits),
            Quantity.Count(round.Removed.Sum(pair => pair.Length > 0 ? pair[0] : 0)),
            Quantity.Count(round.Removed.Sum(pair => pair.Length > 1 ? pair[1] : 0)),
            round.CrossValidatedTau is { } tau ? Quantity.Figure(tau, 3) : "-",
            round.NullTau is { } chance ? Quantity.Figure(chance, 3) : "-",
            Quantity.Share(round.PriorShare),
            Quantity.Share(round.ChanceShare),
            Quantity.Duration(round.Seconds),
        }));
}
