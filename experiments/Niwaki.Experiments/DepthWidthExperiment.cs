using System.Globalization;
using Niwaki.Formats.HuggingFace;
using Niwaki.Pruning;
using Niwaki.Runs;

namespace Niwaki.Experiments;

/// <summary>Depth, width and both together at equal sparsity, as whole runs: held-out loss, forward tokens and seconds.</summary>
internal static class DepthWidthExperiment
{
    public static int Run(string[] args)
    {
        (string name, string folder, string calibration, string evaluation, string csv) = (args[0], args[1], args[2], args[3], args[4]);
        int seeds = args.Length > 5 ? int.Parse(args[5], CultureInfo.InvariantCulture) : 3;
        string hash;
        using (var checkpoint = Checkpoint.Open(folder))
        {
            hash = checkpoint.StructureHash[..8];
        }

        if (!File.Exists(csv))
        {
            File.WriteAllText(csv, "model,hash,seed,sparsity,method,reached,before,after,forward_tokens,seconds\n");
        }

        foreach (double sparsity in (double[])[0.2, 0.3, 0.5])
        {
            for (int seed = 0; seed < seeds; seed++)
            {
                Recipe common = Common(folder, calibration, evaluation, sparsity, seed);
                foreach ((string method, Recipe recipe) in Methods(common))
                {
                    string path = Directory.CreateTempSubdirectory("niwaki-experiment").FullName;
                    RunReport report = PruningRun.Start(recipe, Path.Combine(path, "run"), new PruningRunOptions { Threads = 1 });
                    Directory.Delete(path, recursive: true);
                    string line = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name},{hash},{seed},{sparsity},{method},{report.SparsityReached:F4},{report.LossBefore:F5},{report.LossAfter:F5},{report.ForwardTokens},{report.Seconds:F1}");
                    File.AppendAllLines(csv, [line]);
                    Console.Error.WriteLine(line);
                }
            }
        }

        return 0;
    }

    private static Recipe Common(string folder, string calibration, string evaluation, double sparsity, int seed) => new()
    {
        Model = folder,
        Sparsity = sparsity,
        Seed = seed,
        Calibration = new CalibrationOptions { Source = TextSource.File, File = calibration, Windows = 16, Window = 128 },
        Evaluation = new EvaluationOptions { Source = TextSource.File, File = evaluation, Windows = 48, Window = 256 },
        Bonsai = new BonsaiOptions { MasksPerRound = 20, PruneFraction = 0.1 },
    };

    private static IEnumerable<(string Name, Recipe Recipe)> Methods(Recipe common)
    {
        DepthOptions blocks = new() { Search = DepthSearch.Swaps };
        DepthOptions sublayers = blocks with { Units = DepthUnit.Sublayer };
        yield return ("depth, blocks", common with { Method = PruningMethod.Depth, Depth = blocks });
        yield return ("depth, sub-layers", common with { Method = PruningMethod.Depth, Depth = sublayers });
        yield return ("width", common with { Method = PruningMethod.Bonsai });
        yield return ("both, blocks", common with { Method = PruningMethod.DepthWidth, Depth = new DepthOptions() });
        yield return ("both, sub-layers", common with { Method = PruningMethod.DepthWidth, Depth = new DepthOptions { Units = DepthUnit.Sublayer } });
        yield return ("width, random", common with { Method = PruningMethod.Random });
        yield return ("width, magnitude", common with { Method = PruningMethod.Magnitude });
        yield return ("depth, random blocks", common with { Method = PruningMethod.Depth, Depth = new DepthOptions { Criterion = DepthCriterion.Random } });
    }
}
