using System.Globalization;
using System.Text;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Search;
using Niwaki.Runs;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Methods;

/// <summary>What depth pruning leaves in the run folder beside the plan: the files of the published code, and what other tools read.</summary>
internal static class DepthFiles
{
    /// <summary>Units in the order in which they go, one line, least important first; <c>--order</c> reads it back.</summary>
    public static void AddOrder(PruningContext context, IReadOnlyList<Unit> ordered) =>
        context.AddFile("block_order.csv", string.Join(',', ordered.Select(DepthUnits.NameOf)) + "\n");

    /// <summary>The score of every unit; with the loss as criterion the perplexities under the names of the published code.</summary>
    public static void AddScores(PruningContext context, IReadOnlyList<Unit> units, double[] scores)
    {
        if (context.Recipe.Depth.Criterion != DepthCriterion.Loss)
        {
            context.AddFile("block_scores.csv", "unit,score\n" + string.Concat(units.Select((unit, i) => $"{DepthUnits.NameOf(unit)},{Number(scores[i])}\n")));
            return;
        }

        string[] lines = [.. units.Select((unit, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"{DepthUnits.NameOf(unit)},{Number(Math.Exp(scores[i]))},{context.Calibration.Count},{ParameterCounter.Count(context.Config.Select(SelectionBuilder.Without(context.Config, [unit]))).Total}\n"))];
        const string Header = "removed_block,ppl_calibration,num_calib_data,params\n";
        context.AddFile("all_ppl_unsorted.csv", Header + string.Concat(lines));
        context.AddFile(
            "all_ppl_sorted.csv",
            Header + string.Concat(Enumerable.Range(0, lines.Length).OrderBy(i => scores[i]).ThenBy(i => i).Select(i => lines[i])));
    }

    /// <summary>The sets after one, two, … removals with their values, and what exchanges made of the last.</summary>
    public static void AddPath(PruningContext context, IReadOnlyList<UnitSet> path, UnitSet? swapped)
    {
        var text = new StringBuilder("count,search,value,units\n");
        foreach (UnitSet set in path)
        {
            text.Append(Line(set, "greedy"));
        }

        text.Append(swapped is null ? "" : Line(swapped, "swaps"));
        context.AddFile("depth_path.csv", text.ToString());
    }

    /// <summary>The blocks that stay as slices for mergekit, where whole blocks go.</summary>
    public static void AddPlan(PruningContext context, IReadOnlyList<Unit> removed)
    {
        if (removed.Any(unit => unit.Kind != UnitKind.Block))
        {
            return;
        }

        var text = new StringBuilder("# mergekit-yaml mergekit.yaml FOLDER\nslices:\n");
        HashSet<int> gone = [.. removed.Select(unit => unit.Block)];
        int blocks = context.Config.Blocks.Count;
        for (int first = 0; first < blocks; first++)
        {
            if (gone.Contains(first))
            {
                continue;
            }

            int end = first;
            while (end < blocks && !gone.Contains(end))
            {
                end++;
            }

            string model = ScalarText.Yaml(Path.GetFullPath(context.Checkpoint.Folder));
            text.Append(CultureInfo.InvariantCulture, $"  - sources:\n      - model: {model}\n        layer_range: [{first}, {end}]\n");
            first = end;
        }

        text.Append(CultureInfo.InvariantCulture, $"merge_method: passthrough\ndtype: {StoredType(context)}\n");
        context.AddFile("mergekit.yaml", text.ToString());
    }

    /// <summary>The type of most bytes of the model, as torch names it: mergekit writes all tensors in one.</summary>
    private static string StoredType(PruningContext context) =>
        context.Checkpoint.Tensors.GroupBy(tensor => tensor.ElementType).MaxBy(type => type.Sum(tensor => tensor.ByteLength))?.Key switch
        {
            ElementType.F32 => "float32",
            ElementType.F16 => "float16",
            _ => "bfloat16",
        };

    private static string Line(UnitSet set, string search) => string.Create(
        CultureInfo.InvariantCulture, $"{set.Units.Count},{search},{Number(set.Value)},{string.Join(' ', set.Units.Select(DepthUnits.NameOf))}\n");

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
