using System.Globalization;
using System.Numerics;
using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Experiments;

/// <summary>
/// Tries every subset of the blocks or sub-layers of a small model, on calibration windows and on held-out ones, and tells where each method lands.
/// </summary>
internal static class DepthExperiment
{
    private const int RandomDraws = 5;

    public static int Run(string[] args)
    {
        (string name, string folder, string calibration, string evaluation, string csv) = (args[0], args[1], args[2], args[3], args[4]);
        var options = new DepthOptions { Plus = false, Units = args.Length > 5 && args[5] == "sublayer" ? DepthUnit.Sublayer : DepthUnit.Block };
        int seeds = Number(args, 6, 3), windows = Number(args, 7, 8), window = Number(args, 8, 128);
        using var checkpoint = Checkpoint.Open(folder);
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        using var team = new ThreadTeam(1); // small models gain little from more, and several experiments can run side by side
        using var model = Transformer.Load(checkpoint, config, team);
        (int[] calibrationIds, int[] evaluationIds) = ExperimentTexts.Read(folder, calibration, evaluation, config.VocabularySize);
        IReadOnlyList<Unit> units = DepthUnits.Of(config, options);
        for (int seed = 0; seed < seeds; seed++)
        {
            int[][] calibrationWindows = TextWindows.Sample(calibrationIds, window, windows, new SeededRandom(seed, 1));
            int[][] evaluationWindows = TextWindows.Sample(evaluationIds, window, windows, new SeededRandom(seed, 2));
            var losses = new SubsetLosses(model, units, calibrationWindows, evaluationWindows);
            var recipe = new Recipe { Method = PruningMethod.Depth, Depth = options, Seed = seed };
            string[] key = [name, checkpoint.StructureHash[..8], seed.ToString(CultureInfo.InvariantCulture), options.Units.ToString()];
            using var journal = new ContextFolder(checkpoint, config, team, calibrationWindows);
            Report(csv, key, units, losses, Found(journal.Begin(recipe), units));
        }

        return 0;
    }

    /// <summary>For each method the set of units that it removes, for every number of them.</summary>
    private static List<(string Method, int Count, Unit[] Removed)> Found(PruningContext context, IReadOnlyList<Unit> units)
    {
        var found = new List<(string, int, Unit[])>();
        AddOrder("last", new PlaceScore().Score(context, units));
        AddOrder("magnitude", new WeightSumScore(1).Score(context, units));
        AddOrder("influence", new InfluenceScore().Score(context, units));
        for (int draw = 0; draw < RandomDraws; draw++)
        {
            var random = new SeededRandom(context.Recipe.Seed, draw);
            AddOrder("random", [.. units.Select(_ => random.NextDouble())]);
        }

        using var judge = new RemovalJudge(context, DepthCriterion.Loss);
        AddOrder("oneshot", judge.Try([], units));
        using (var divergence = new RemovalJudge(context, DepthCriterion.Kl))
        {
            AddOrder("oneshot kl", divergence.Try([], units));
        }

        var search = new UnitSearch(judge, units);
        long before = context.ForwardTokens;
        foreach (UnitSet set in search.Greedy(removed => removed.Count == units.Count - 1))
        {
            found.Add(("greedy", set.Units.Count, [.. set.Units]));
            found.Add(("swaps", set.Units.Count, [.. search.Swap(set, _ => true).Units]));
        }

        Console.Error.WriteLine($"greedy and swaps for every number: {(double)(context.ForwardTokens - before) / context.CalibrationTokens:F1} passes");
        return found;

        void AddOrder(string method, double[] scores)
        {
            Unit[] ordered = [.. Enumerable.Range(0, units.Count).OrderBy(i => scores[i]).ThenBy(i => i).Select(i => units[i])];
            found.AddRange(Enumerable.Range(1, units.Count - 1).Select(count => (method, count, ordered[..count])));
        }
    }

    private static void Report(
        string csv, string[] key, IReadOnlyList<Unit> units, SubsetLosses losses, List<(string Method, int Count, Unit[] Removed)> found)
    {
        if (!File.Exists(csv))
        {
            File.WriteAllText(csv, "model,hash,seed,units,count,method,calibration,evaluation,removed\n");
        }

        int all = losses.Calibration.Length;
        for (int count = 1; count < units.Count; count++)
        {
            int[] subsets = [.. Enumerable.Range(0, all).Where(subset => BitOperations.PopCount((uint)subset) == count)];
            found.Add(("dense", count, []));
            found.Add(("exhaustive", count, Members(units, subsets.MinBy(subset => losses.Calibration[subset]))));
            found.Add(("exhaustive on evaluation", count, Members(units, subsets.MinBy(subset => losses.Evaluation[subset]))));
        }

        IEnumerable<string> lines = found.OrderBy(row => row.Count).Select(row =>
        {
            int subset = row.Removed.Sum(unit => 1 << IndexOf(units, unit));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{string.Join(',', key)},{row.Count},{row.Method},{losses.Calibration[subset]:R},{losses.Evaluation[subset]:R},{string.Join(' ', row.Removed.Select(DepthUnits.NameOf).Order(StringComparer.Ordinal))}");
        });
        File.AppendAllLines(csv, lines);
    }

    private static Unit[] Members(IReadOnlyList<Unit> units, int subset) => [.. units.Where((_, i) => (subset & (1 << i)) != 0)];

    private static int IndexOf(IReadOnlyList<Unit> units, Unit unit) => Enumerable.Range(0, units.Count).First(i => units[i] == unit);

    private static int Number(string[] args, int index, int otherwise) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
}
