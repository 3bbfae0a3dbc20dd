using System.Diagnostics;
using System.Globalization;
using Niwaki.Datasets;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Runs;

namespace Niwaki.Experiments;

/// <summary>Width methods at equal sparsity: held-out loss with its error, forward tokens and seconds, and what every round of Bonsai knew.</summary>
/// <remarks>
/// Bonsai removes a twentieth of the prunable parameters a round, as published, so its run to a lower sparsity is the beginning of the run to a higher one:
/// one journal serves all sparsities, and tokens and seconds are those of the evaluations that the run needs, as if it had been alone.
/// </remarks>
internal sealed class WidthExperiment : IDisposable
{
    private const string Header = "model,hash,seed,units,sparsity,method,reached,dense,loss,increase_error,forward_tokens,seconds";
    private const string RoundHeader =
        "model,hash,seed,units,method,round,evaluations,pool,removed_groups,removed_neurons,layer_deviation,chance_deviation,tau,null_tau,null_deviation,prior_share,chance_share,half_correlation,half_overlap,seconds";

    private const int Window = 128;
    private const int CalibrationWindows = 32;
    private const int EvaluationWindows = 200;
    private static readonly double[] Sparsities = [0.5, 0.3, 0.2, 0.1];

    private readonly string _name;
    private readonly Checkpoint _checkpoint;
    private readonly ModelConfig _config;
    private readonly ThreadTeam _team = new(1); // small models gain little from more, and several experiments can run side by side
    private readonly ResultTable _results;
    private readonly ResultTable _rounds;
    private readonly int[] _calibration;
    private readonly int[][] _evaluation;
    private readonly float[][] _dense;

    private WidthExperiment(string name, string folder, string calibration, string evaluation, string results)
    {
        _name = name;
        _checkpoint = Checkpoint.Open(folder);
        _config = ModelConfigReader.Read(_checkpoint);
        _results = new ResultTable(results, Header, 6);
        _rounds = new ResultTable(Path.ChangeExtension(results, ".rounds.csv"), RoundHeader, 6);
        (_calibration, int[] evaluationIds) = ExperimentTexts.Read(folder, calibration, evaluation, _config.VocabularySize);
        _evaluation = TextWindows.Sample(evaluationIds, Window, EvaluationWindows, new SeededRandom(0, 2));
        using var model = Transformer.Load(_checkpoint, _config, _team);
        _dense = ForwardPass.Losses(model, _evaluation);
    }

    public static int Run(string[] args)
    {
        string[] methods = args.Length > 7 ? args[7].Split(',') : [];
        using var experiment = new WidthExperiment(args[0], args[1], args[2], args[3], args[4]);
        foreach (string seed in args[5].Split(','))
        {
            foreach (string units in args[6].Split(','))
            {
                experiment.RunAll(int.Parse(seed, CultureInfo.InvariantCulture), Enum.Parse<WidthUnits>(units, ignoreCase: true), methods);
            }
        }

        return 0;
    }

    public void Dispose()
    {
        _team.Dispose();
        _checkpoint.Dispose();
    }

    private void RunAll(int seed, WidthUnits units, string[] methods)
    {
        int[][] windows = TextWindows.Sample(_calibration, Window, CalibrationWindows, new SeededRandom(seed, 1));
        var common = new Recipe { Seed = seed, WidthUnits = units };
        foreach ((string method, Recipe recipe) in Chosen(common, methods))
        {
            // The rounds of our method depend on the sparsity; those of the others on nothing but their number.
            foreach (double[] sparsities in recipe.Method == PruningMethod.Niwaki ? Sparsities.Chunk(1) : [Sparsities])
            {
                RunMethod(method, recipe, windows, sparsities);
            }
        }
    }

    private void RunMethod(string method, Recipe recipe, int[][] windows, double[] sparsities)
    {
        using var folder = new ContextFolder(_checkpoint, _config, _team, windows);
        foreach (double sparsity in sparsities)
        {
            string key = string.Create(
                CultureInfo.InvariantCulture, $"{_name},{_checkpoint.StructureHash[..8]},{recipe.Seed},{recipe.WidthUnits},{sparsity},{method}");
            if (!_results.Holds(key))
            {
                Measure(key, folder, recipe with { Sparsity = sparsity });
            }
        }
    }

    /// <summary>The methods that were asked for, all by default; a name that is none is a variant of ours.</summary>
    private IEnumerable<(string Name, Recipe Recipe)> Chosen(Recipe common, string[] methods)
    {
        (string Name, Recipe Recipe)[] all = [.. Methods(common)];
        return methods.Length == 0
            ? all
            : methods.Select(name => all.FirstOrDefault(entry => entry.Name == name) is { Name: not null } found ? found : Variant(common, name));
    }

    private void Measure(string key, ContextFolder folder, Recipe recipe)
    {
        long start = Stopwatch.GetTimestamp();
        double before = folder.Seconds;
        PruningContext context = folder.Begin(recipe);
        ModelSelection selection = PruningMethods.Get(recipe.Method).Decide(context);
        double ran = folder.Seconds - before;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds - ran + context.Log.Seconds;
        using var model = Transformer.Load(
            _checkpoint, _config, _team, new TransformerOptions { Selection = selection, Biases = context.Biases });
        float[][] losses = ForwardPass.Losses(model, _evaluation);
        double[] increases = [.. losses.Select((window, i) => Mean(window) - Mean(_dense[i]))];
        double reached = 1 - ((double)ParameterCounter.Count(_config.Select(selection)).Prunable / ParameterCounter.Count(_config).Prunable);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{key},{reached:F4},{_dense.Average(Mean):F5},{losses.Average(Mean):F5},{Error(increases):F5},{context.ForwardTokens},{seconds:F1}");
        _results.Append([line]);
        Console.Error.WriteLine(line);
        string[] cells = key.Split(',');
        string roundKey = string.Join(',', [.. cells[..4], cells[5]]);
        if (context.Rounds.Any(round => round.CrossValidatedTau is not null) && !_rounds.Holds($"{roundKey},1"))
        {
            _rounds.Append(context.Rounds.Select(round => Line(roundKey, round)));
        }
    }

    private static string Line(string key, ReportedRound round)
    {
        double[] neurons = [.. round.Removed.Select(block => (double)block[1])];
        double mean = neurons.Average();
        double deviation = Math.Sqrt(neurons.Average(count => (count - mean) * (count - mean)));

        // If every unit of equal pools went by the toss of a coin, with the share that did go.
        double pool = (double)round.PoolUnits / neurons.Length;
        double chance = Math.Sqrt(Math.Max(0, mean * (1 - (mean / pool))));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key},{round.Round},{round.Evaluations},{round.PoolUnits},{round.Removed.Sum(block => block[0])},{neurons.Sum()},{deviation:F3},{chance:F3},{round.CrossValidatedTau:F4},{round.NullTau:F4},{round.NullTauDeviation:F4},{round.PriorShare:F4},{round.ChanceShare:F4},{round.HalfCorrelation:F4},{round.HalfOverlap:F4},{round.Seconds:F1}");
    }

    private IEnumerable<(string Name, Recipe Recipe)> Methods(Recipe common)
    {
        // Where attention stays whole the pool grows, so that a round takes the published half of it all the same.
        double prunable = ParameterCounter.Count(_config).Prunable;
        double neurons = _config.Blocks.Sum(shape => ParameterCounter.PrunableOf(_config, shape, SubLayer.Mlp)) / prunable;
        double share = common.WidthUnits == WidthUnits.Neurons ? 1 / neurons : 1;
        var published = new BonsaiOptions { Explorable = 2 * share, PruneFraction = 0.05, MasksPerRound = 200, Regression = RegressionKind.Published };
        Recipe bonsai = common with { Method = PruningMethod.Bonsai };
        yield return ("random", common with { Method = PruningMethod.Random });
        yield return ("magnitude", common with { Method = PruningMethod.Magnitude });
        yield return ("wanda", bonsai with { Bonsai = published with { Perturb = false } });
        yield return ("fluctuation", bonsai with { Bonsai = published with { Perturb = false, Prior = ImportancePrior.Fluctuation } });
        yield return ("FLAP", bonsai with
        {
            Bonsai = published with { Perturb = false, Prior = ImportancePrior.Fluctuation, Sampler = BonsaiSampler.Global, Repair = UnitRepair.Bias },
        });
        var ours = new NiwakiOptions();
        yield return ("niwaki without bias", common with { Method = PruningMethod.Niwaki, Niwaki = ours });
        yield return ("niwaki", common with { Method = PruningMethod.Niwaki, Niwaki = ours with { Repair = UnitRepair.Bias } });
        yield return ("bonsai of 2 sub-models", bonsai with { Bonsai = published with { MasksPerRound = 2, Regression = RegressionKind.Ridge } });
        yield return ("bonsai ridge", bonsai with { Bonsai = published with { Regression = RegressionKind.Ridge } });
        yield return ("bonsai published", bonsai with { Bonsai = published });
    }

    /// <summary>A variant of our method, such as "r8 g4 w8 e4 bias": rounds, neurons of a group, windows a group, explorable.</summary>
    private static (string Name, Recipe Recipe) Variant(Recipe common, string name)
    {
        string[] parts = name.Split(' ');
        double Of(char letter, double otherwise) =>
            parts.FirstOrDefault(part => part[0] == letter && char.IsAsciiDigit(part[^1])) is { } part ? double.Parse(part.AsSpan(1), CultureInfo.InvariantCulture) : otherwise;
        var ours = new NiwakiOptions();
        return (name, common with
        {
            Method = PruningMethod.Niwaki,
            Niwaki = ours with
            {
                Rounds = (int)Of('r', ours.Rounds),
                Group = (int)Of('g', ours.Group),
                WindowsPerGroup = (int)Of('w', ours.WindowsPerGroup),
                Passes = Of('p', ours.Passes),
                Explorable = Of('e', ours.Explorable),
                Repair = parts.Contains("bias") ? UnitRepair.Bias : UnitRepair.None,
                Prior = parts.Contains("wanda") ? ImportancePrior.Wanda : ours.Prior,
            },
        });
    }

    private static double Mean(float[] losses) => losses.Average(loss => (double)loss);

    private static double Error(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
    }
}
