using System.Globalization;
using System.Text;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Reports.Charts;
using Niwaki.Runs;

namespace Niwaki.Reports;

/// <summary>The part of a page about units: what stayed, what they were worth, what shapes came out.</summary>
internal static class UnitPart
{
    /// <summary>Columns of a map of neurons: each stands for as many neurons of a block.</summary>
    private const int Columns = 24;

    /// <summary>Blocks from which on the table is folded away.</summary>
    private const int LongTable = 24;

    /// <summary>Maps of what stayed.</summary>
    public static string Maps(RunFacts facts)
    {
        bool ranked = facts.Importance.Neurons.Any(values => values.Length > 0);
        string order = ranked
            ? "Neurons of a block stand in the order of their importance, the highest on the left"
            : "Neurons of a block stand in the order of their indices";
        return "<div class=\"figures-row\">"
            + Html.Figure("KV groups", KeptGroups(facts).ToSvg(), "One row a block, one cell a key and value head with its query heads. Dashed: gone.")
            + Html.Figure("Neurons", KeptNeurons(facts).ToSvg(), $"{order}, in up to {Columns} cells; the stronger the colour, the more of them stayed. Dashed: none did.")
            + "</div>";
    }

    /// <summary>Maps of importance, or why there are none.</summary>
    public static string Importance(RunFacts facts)
    {
        UnitImportance importance = facts.Importance;
        if (!importance.IsKnown)
        {
            return Html.Paragraph($"The method '{facts.Report.Method}' with these settings records no importance of units.", "note");
        }

        var html = new StringBuilder("<div class=\"figures-row\">");
        if (importance.SubLayers.Any(values => values.Length > 0))
        {
            string what = importance.SubLayers[0].Length == 2 ? "Attention (left) and MLP (right)" : "Blocks";
            html.Append(Html.Figure(
                what,
                Shades(importance.SubLayers, Ranks(importance.SubLayers), (_, i) => what.StartsWith('A') ? (i == 0 ? "attention" : "MLP") : "block", "importance of sub-layers").ToSvg(),
                $"By the {importance.Measure}. The stronger the colour, the more it is worth; shades by rank."));
        }

        if (importance.Groups.Any(values => values.Length > 0))
        {
            html.Append(Html.Figure("KV groups", Shades(importance.Groups, Scaled(importance.Groups), (_, i) => string.Create(CultureInfo.InvariantCulture, $"KV group {i}"), "importance of KV groups").ToSvg(), Note(importance)));
        }

        if (importance.Neurons.Any(values => values.Length > 0))
        {
            double[][] quantiles = [.. importance.Neurons.Select(Quantiles)];
            html.Append(Html.Figure(
                "Neurons", Shades(quantiles, Scaled(quantiles), (_, i) => $"quantile {i + 1} of {Columns}", "importance of neurons").ToSvg(), $"{Note(importance)} Quantiles of a block, the highest on the left."));
        }

        return html.Append("</div>").ToString();
    }

    /// <summary>The table of shapes.</summary>
    public static string Shapes(RunFacts facts)
    {
        IEnumerable<string[]> rows = facts.Report.Blocks.Select(block => new[]
        {
            block.Block.ToString(CultureInfo.InvariantCulture),
            Pair(block.Before.Heads, block.After.Heads),
            Pair(block.Before.KeyValueHeads, block.After.KeyValueHeads),
            Pair(block.Before.Neurons, block.After.Neurons),
            Quantity.Share(KeptShare(facts.Source, block)),
        });
        string table = Html.Table(["block", "heads", "KV heads", "neurons", "parameters kept"], rows);
        return facts.Report.Blocks.Count > LongTable ? $"<details><summary>{facts.Report.Blocks.Count} blocks</summary>{table}</details>" : table;
    }

    private static string Pair(int before, int after) => before == after
        ? Quantity.Count(before)
        : $"{Quantity.Count(before)} → {(after == 0 ? "none" : Quantity.Count(after))}";

    private static double KeptShare(ModelConfig source, ReportedBlock block)
    {
        BlockShape before = source.Blocks[block.Block];
        var after = new BlockShape(block.After.Heads, block.After.KeyValueHeads, block.After.Neurons);
        long Prunable(BlockShape shape) => ParameterCounter.PrunableOf(source, shape, SubLayer.Attention) + ParameterCounter.PrunableOf(source, shape, SubLayer.Mlp);
        return Prunable(before) == 0 ? 1 : (double)Prunable(after) / Prunable(before);
    }

    private static HeatMap KeptGroups(RunFacts facts)
    {
        IReadOnlyList<BlockSelection> kept = facts.Plan.Selection.Blocks;
        double[][] rows = [.. kept.Select((block, b) => Enumerable.Range(0, facts.Source.Blocks[b].KeyValueHeads)
            .Select(group => block.KeyValueHeads.Contains(group) ? 1.0 : 0.0).ToArray())];
        string[][] notes = [.. rows.Select((row, b) => row.Select((value, group) => string.Create(
            CultureInfo.InvariantCulture, $"block {b}, KV group {group}: {(value > 0 ? "kept" : "gone")}")).ToArray())];
        return new HeatMap(rows, notes, "KV groups kept and gone in every block");
    }

    private static HeatMap KeptNeurons(RunFacts facts)
    {
        var rows = new List<double[]>();
        var notes = new List<string[]>();
        for (int block = 0; block < facts.Source.Blocks.Count; block++)
        {
            int count = facts.Source.Blocks[block].Neurons;
            double[] importance = facts.Importance.Neurons[block];
            int[] order = importance.Length == count
                ? [.. Enumerable.Range(0, count).OrderByDescending(i => importance[i]).ThenBy(i => i)]
                : [.. Enumerable.Range(0, count)];
            HashSet<int> kept = [.. facts.Plan.Selection.Blocks[block].Neurons];
            int cells = Math.Min(Columns, count);
            (int First, int End)[] bins = [.. Enumerable.Range(0, cells).Select(i => ((int)((long)count * i / cells), (int)((long)count * (i + 1) / cells)))];
            int[] stayed = [.. bins.Select(bin => order[bin.First..bin.End].Count(kept.Contains))];
            rows.Add([.. bins.Zip(stayed, (bin, n) => (double)n / (bin.End - bin.First))]);
            notes.Add([.. bins.Zip(stayed, (bin, n) => string.Create(CultureInfo.InvariantCulture, $"block {block}: {n} of {bin.End - bin.First} neurons kept"))]);
        }

        return new HeatMap(rows, notes, "Share of neurons kept in every block");
    }

    private static string Note(UnitImportance importance) => $"By the {importance.Measure}. The stronger the colour, the more it is worth; one scale for all blocks, of logarithms where all values are above 0.";

    private static HeatMap Shades(IReadOnlyList<double[]> values, double[][] shades, Func<int, int, string> name, string label) => new(
        shades,
        [.. values.Select((row, block) => row.Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"block {block}, {name(block, i)}: {value:G4}")).ToArray())],
        label);

    /// <summary>Values on one scale, cut at the outer two per cent so that single units do not wash out the rest; above 0 whatever the value.</summary>
    private static double[][] Scaled(IReadOnlyList<double[]> values)
    {
        double[] all = [.. values.SelectMany(row => row).Where(double.IsFinite).Order()];
        bool logarithmic = all.Length > 0 && all[0] > 0;
        double Scale(double value) => logarithmic ? Math.Log(value) : value;
        double low = all.Length == 0 ? 0 : Scale(all[(int)(0.02 * (all.Length - 1))]);
        double high = all.Length == 0 ? 1 : Scale(all[(int)Math.Ceiling(0.98 * (all.Length - 1))]);
        return [.. values.Select(row => row.Select(value => Shade(high > low ? (Scale(value) - low) / (high - low) : 1)).ToArray())];
    }

    private static double[][] Ranks(IReadOnlyList<double[]> values)
    {
        double[] all = [.. values.SelectMany(row => row).Where(double.IsFinite).Order()];
        return [.. values.Select(row => row.Select(value => Shade(double.IsFinite(value) ? (double)Array.BinarySearch(all, value) / Math.Max(1, all.Length - 1) : double.NaN)).ToArray())];
    }

    private static double Shade(double share) => double.IsFinite(share) ? 0.04 + (0.96 * Math.Clamp(share, 0, 1)) : double.NaN;

    private static double[] Quantiles(double[] values)
    {
        double[] sorted = [.. values.OrderDescending()];
        return sorted.Length == 0
            ? []
            : [.. Enumerable.Range(0, Math.Min(Columns, sorted.Length)).Select(i => sorted[(int)((i + 0.5) * sorted.Length / Math.Min(Columns, sorted.Length))])];
    }
}
