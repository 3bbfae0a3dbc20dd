using System.Globalization;
using System.Text;
using Niwaki.Evaluation.Speed;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>A run as one HTML page that needs nothing from elsewhere: no script, no request.</summary>
public static class RunPage
{
    /// <summary>From here on a text is no longer one: a nat a token is a factor of 2.7 in perplexity.</summary>
    private const double CliffNats = 1;

    /// <summary>The page.</summary>
    /// <param name="facts">The run.</param>
    /// <param name="fits">What runs the outcome, see <see cref="RuntimeFit.Of"/>.</param>
    /// <returns>HTML; every figure that was not measured is said to be missing.</returns>
    public static string Write(RunFacts facts, IReadOnlyList<RuntimeFit> fits)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(fits);
        var body = new StringBuilder();
        body.Append(Header(facts)).Append(Cards(facts)).Append('\n');
        body.Append(Html.Section("What went", UnitPart.Maps(facts)));
        body.Append(Html.Section("What units were worth", UnitPart.Importance(facts)));
        body.Append(Html.Section("The way there", SearchPart.Write(facts)));
        body.Append(Html.Section("Shapes", UnitPart.Shapes(facts)));
        body.Append(Html.Section("Speed and memory", SpeedPart.Write(facts.Speed, $"niwaki bench {facts.Folder}")));
        body.Append(Html.Section("How it writes", TextPart.Samples(facts)));
        if (facts.Healing is { } healing)
        {
            body.Append(Html.Section("Healing", TextPart.Healing(healing)));
        }

        body.Append(Html.Section("Where it runs", TextPart.Runtimes(facts, fits)));
        body.Append(Html.Section("Doing it again", TextPart.Reproduction(facts)));
        return Html.Document($"{NameOf(facts)}, pruned", body.ToString());
    }

    /// <summary>How the perplexities of a run were measured, in words.</summary>
    /// <param name="report">The report of the run.</param>
    public static string ProtocolOf(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        string text = report.EvaluationFile is { } file ? $"'{file}'" : "a text that the model wrote itself";
        return string.Create(CultureInfo.InvariantCulture, $"protocol {report.Protocol}, window {report.EvaluationWindow}, {report.EvaluationTokens:N0} tokens of {text}");
    }

    private static string NameOf(RunFacts facts) => facts.Plan.SourceName;

    private static string Header(RunFacts facts)
    {
        RunReport report = facts.Report;
        string verdict =
            $"{Quantity.Share(report.SparsityReached)} of the attention and MLP parameters are gone, {Quantity.Share(1 - ((double)report.ParametersAfter / report.ParametersBefore))} of all. "
            + $"Perplexity {Quantity.Figure(report.PerplexityBefore, 2)} became {Quantity.Figure(report.PerplexityAfter, 2)} ({Quantity.Change(report.PerplexityBefore, report.PerplexityAfter)}).";
        var html = new StringBuilder();
        html.Append("<header><h1>").Append(Html.Escape(NameOf(facts))).Append(", pruned</h1>");
        html.Append(Html.Paragraph($"Method {report.Method}, Niwaki {report.ToolVersion.Split('+')[0]}", "soft"));
        html.Append(Html.Paragraph(verdict, "verdict"));
        if (report.LossAfter - report.LossBefore > CliffNats || !double.IsFinite(report.LossAfter))
        {
            html.Append(Html.Paragraph("The loss rose by more than one nat a token: texts of this model hardly make sense. Heal it with 'niwaki heal', or remove less.", "warn"));
        }

        return html.Append("</header>\n").ToString();
    }

    private static string Cards(RunFacts facts)
    {
        RunReport report = facts.Report;
        SpeedReport? speed = facts.Speed;
        SpeedRow? after = speed?.Rows.FirstOrDefault(row => row.Model == 0);
        SpeedRow? before = after is null ? null : speed!.Beside(after);
        string missing = $"niwaki bench {facts.Folder}";
        var html = new StringBuilder("<div class=\"cards\">");
        html.Append(Card("Parameters", Quantity.Count(report.ParametersAfter), Quantity.Count(report.ParametersBefore), Quantity.Change(report.ParametersBefore, report.ParametersAfter)));
        html.Append(Card("Weights on disk", Quantity.Bytes(report.BytesAfter), Quantity.Bytes(report.BytesBefore), Quantity.Change(report.BytesBefore, report.BytesAfter)));
        html.Append(Card("Perplexity", Quantity.Figure(report.PerplexityAfter, 2), Quantity.Figure(report.PerplexityBefore, 2), Quantity.Change(report.PerplexityBefore, report.PerplexityAfter)));
        html.Append(Card("Loss, nats per token", Quantity.Figure(report.LossAfter, 4), Quantity.Figure(report.LossBefore, 4), Quantity.Signed(report.LossAfter - report.LossBefore)));
        html.Append(Rate("Prefill, tokens/s", after?.Prefill, before?.Prefill, missing));
        html.Append(Rate("Decode, tokens/s", after?.Decode, before?.Decode, missing));
        html.Append(after is null
            ? Missing("Peak memory", missing)
            : Card("Peak memory", Quantity.Bytes(after.PeakBytes), before is null ? null : Quantity.Bytes(before.PeakBytes), before is null ? "" : Quantity.Change(before.PeakBytes, after.PeakBytes)));
        html.Append(Card("Time of the run", Quantity.Duration(report.Seconds), null, $"{Quantity.Count(report.ForwardTokens)} forward tokens"));
        html.Append("</div>");
        string lengths = after is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" Speed: batch {after.Batch}, {after.Prompt} tokens of prompt, {after.Generated} written; more below.");
        return html.Append(Html.Paragraph($"Perplexity and loss: {ProtocolOf(report)}.{lengths}", "note")).ToString();
    }

    private static string Rate(string what, Spread? after, Spread? before, string missing) => after is null
        ? Missing(what, missing)
        : Card(
            what,
            Quantity.Figure(after.Median, after.Median < 100 ? 1 : 0),
            before is null ? null : Quantity.Figure(before.Median, before.Median < 100 ? 1 : 0),
            before is null ? "the source was not measured" : $"{Quantity.Figure(after.Median / before.Median, 2)} times");

    private static string Card(string what, string now, string? then, string change)
    {
        string before = then is null ? change : $"{then} before, {change}";
        return $"<div class=\"card\"><div class=\"what\">{Html.Escape(what)}</div><div class=\"now\">{Html.Escape(now)}</div><div class=\"then\">{Html.Escape(before)}</div></div>";
    }

    private static string Missing(string what, string command) =>
        $"<div class=\"card missing\"><div class=\"what\">{Html.Escape(what)}</div><div class=\"now\">not measured</div><div class=\"then\"><code>{Html.Escape(command)}</code></div></div>";
}
