using System.Globalization;
using System.Text;
using Niwaki.Healing;
using Niwaki.Models;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>The parts of a page that are words: sample texts, healing, runtimes, and how to do it again.</summary>
internal static class TextPart
{
    /// <summary>Texts before and after.</summary>
    public static string Samples(RunFacts facts)
    {
        if (facts.Samples is not { } samples)
        {
            return $"<p class=\"note\">No text was written. <code>{Html.Escape($"niwaki report {facts.Folder}")}</code> without <code>--samples 0</code> lets both models write.</p>";
        }

        var html = new StringBuilder();
        foreach (SampleText text in samples.Texts)
        {
            html.Append("<div class=\"sample\"><blockquote class=\"soft\">").Append(Html.Escape(text.Prompt.Trim())).Append(" …</blockquote><div class=\"pair\"><div><h3>before</h3>");
            html.Append(text.Before is { } before ? $"<blockquote>{Html.Escape(before.Trim())}</blockquote>" : Html.Paragraph("The source was not there.", "note"));
            html.Append("</div><div><h3>after</h3><blockquote>").Append(Html.Escape(text.After.Trim())).Append("</blockquote></div></div></div>");
        }

        string how = samples.Temperature == 0
            ? "The likeliest token each time"
            : string.Create(CultureInfo.InvariantCulture, $"Temperature {samples.Temperature}, seed {samples.Seed}");
        return html.Append(Html.Paragraph($"{how}, up to {samples.Tokens} tokens. The beginnings are those of the first evaluation windows.", "note")).ToString();
    }

    /// <summary>A healing of the run.</summary>
    public static string Healing(HealingReport healing) =>
        Html.Table(
            ["held-out loss before", "after", "change", "tokens held out", "tokens trained on", "stages", "time"],
            [[
                Quantity.Figure(healing.HeldOutLossBefore, 4), Quantity.Figure(healing.HeldOutLossAfter, 4), Quantity.Signed(healing.HeldOutLossAfter - healing.HeldOutLossBefore),
                Quantity.Count(healing.HeldOutTokens), Quantity.Count(healing.Tokens), string.Join(", ", healing.Stages), Quantity.Duration(healing.Seconds),
            ]])
        + Html.Paragraph("Nats per token on the text that the healing held out, not the evaluation text of this run: the losses do not compare.", "note");

    /// <summary>What runs the outcome.</summary>
    public static string Runtimes(RunFacts facts, IReadOnlyList<RuntimeFit> fits)
    {
        string table = Html.Table(
            ["runtime", "niwaki export", "comes out as"],
            fits.Select(fit => new[] { fit.Runtimes, fit.Command, fit.Fault is { } fault ? $"no: {fault}" : fit.Result }),
            "text");
        ModelConfig after = facts.Source with { Blocks = [.. facts.Plan.Selection.KeptBlocks.Select(i => facts.Plan.Selection.Blocks[i].Shape)] };
        IReadOnlyList<(string Matrix, int Blocks)> fallbacks = RuntimeFit.KQuantFallbacks(after);
        string quants = fallbacks.Count == 0
            ? "Every row is a multiple of 256 channels: all K-quants of llama.cpp apply."
            : $"K-quants of llama.cpp need rows in multiples of 256 channels; it falls back to other encodings in {string.Join(" and ", fallbacks.Select(pair => $"{pair.Matrix} of {pair.Blocks} of {after.Blocks.Count} blocks"))}. Prune with '--round-to 256' where that matters.";
        return table + Html.Paragraph("Every row was planned on the model as it lies in the run; nothing was written. " + quants, "note");
    }

    /// <summary>Everything that somebody else needs.</summary>
    public static string Reproduction(RunFacts facts)
    {
        RunReport report = facts.Report;
        string[][] rows =
        [
            ["Niwaki", $"{report.ToolVersion}, {report.VectorPath} instructions"],
            ["source", $"{facts.Plan.SourceName}, structure {facts.Plan.SourceStructureHash}, content {facts.Plan.SourceContentHash ?? "not hashed"}"],
            ["seed", report.Seed.ToString(CultureInfo.InvariantCulture)],
            ["text that decided", Described(facts.Calibration)],
            ["text that measured", Described(facts.Evaluation)],
            ["evaluations", $"{Quantity.Count(report.Evaluations)}, {Quantity.Count(report.ForwardTokens)} forward tokens, {Quantity.Duration(report.Seconds)}"],
        ];
        return Html.Table(["", ""], rows, "text")
            + $"<pre>niwaki prune {Html.Escape(report.Model)} --recipe recipe.yaml --out RUN</pre>"
            + Html.Paragraph("The same recipe gives the same plan, bit for bit with the same vector instructions, with any number of threads. recipe.yaml:")
            + $"<pre>{Html.Escape(facts.Recipe.ToYaml())}</pre>";
    }

    private static string Described(RecordedWindows windows)
    {
        string source = windows.File is { } file ? $"'{file}'" : string.Create(CultureInfo.InvariantCulture, $"written by the model itself, temperature {windows.Temperature}, top-p {windows.TopP}, seed {windows.Seed}");
        return string.Create(CultureInfo.InvariantCulture, $"{source}, {windows.Windows.Length} windows of {windows.Windows[0].Length} tokens, SHA-256 {windows.ContentHash()}");
    }
}
