using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Niwaki.Formats.HuggingFace;
using Niwaki.Healing;
using Niwaki.Kernels;
using Niwaki.Pruning;
using Niwaki.Runs;
using Niwaki.Training;

namespace Niwaki.Experiments;

/// <summary>Prunes a model by width and by depth and heals each model in several ways, every healing along one trajectory that is read off on its way.</summary>
/// <remarks>
/// Arguments: MODEL TRAINING-TEXT CALIBRATION EVALUATION FOLDER CSV [tokens] [only]. A case that is in the CSV file is not run again, one that ended in its folder is read
/// from there, and one that was interrupted goes on where it was, so the same command continues. "only" names cases by regular expressions, joined by commas, such as "^width 0.5 full$".
/// </remarks>
internal static class HealingExperiment
{
    private const string Header = "model,hash,pruning,sparsity,healing,tokens,seconds,heldOutLoss,threads";
    private const int Window = 256;
    private const int Batch = 16;
    private const int EvaluationWindows = 64;
    private const double LoraRate = 3e-3;

    /// <summary>Parts of the tokens of a trajectory at which it is read off.</summary>
    private static readonly double[] Parts = [1.0 / 64, 1.0 / 16, 1.0 / 4, 1];

    private static readonly (string Name, Func<HealingRecipe, Case, HealingRecipe> Make)[] Healings =
    [
        ("full", (recipe, each) => Full(recipe, each.Steps, each.FullRate, 0)),
        ("full + kl", (recipe, each) => Full(recipe, each.Steps, each.FullRate, 1)),
        ("lora", (recipe, each) => Lora(recipe, each.Steps, LoraRate, 0)),
        ("lora + kl", (recipe, each) => Lora(recipe, each.Steps, LoraRate, 1)),
        ("reconstruction", (recipe, _) => Reconstruction(recipe)),
        ("reconstruction + full", (recipe, each) =>
            Full(Reconstruction(recipe), each.Steps, each.FullRate, 0) with { Stages = [HealingStage.Reconstruction, HealingStage.Full] }),
    ];

    private static readonly PruningMethod[] Methods = [PruningMethod.Niwaki, PruningMethod.Depth];
    private static readonly double[] Sparsities = [0.3, 0.5];

    /// <summary>Rates among which <see cref="Case.FullRate"/> is chosen.</summary>
    private static readonly double[] FullRates = [1e-4, 3e-4, 1e-3, 3e-3];

    /// <summary>Rates among which <see cref="LoraRate"/> is chosen.</summary>
    private static readonly double[] LoraRates = [.. FullRates, 1e-2];

    public static int Run(string[] args) =>
        Run(args, from method in Methods from sparsity in Sparsities select (method, sparsity), Healings, args[3]);

    /// <summary>A short training at each of some learning rates, of all weights and of adapters; measured on the calibration text, so that the text of the other runs chooses nothing.</summary>
    public static int RunRates(string[] args) =>
        Run(
            args,
            [(PruningMethod.Niwaki, 0.5), (PruningMethod.Depth, 0.5)],
            [
                .. FullRates.Select(rate => (RateName("full", rate), (Func<HealingRecipe, Case, HealingRecipe>)((recipe, each) => Full(recipe, each.Steps, rate, 0)))),
                .. LoraRates.Select(rate => (RateName("lora", rate), (Func<HealingRecipe, Case, HealingRecipe>)((recipe, each) => Lora(recipe, each.Steps, rate, 0)))),
            ],
            args[2]);

    private static string RateName(string healing, double rate) => string.Create(CultureInfo.InvariantCulture, $"{healing} at {rate}");

    private static int Run(
        string[] args,
        IEnumerable<(PruningMethod Method, double Sparsity)> prunings,
        (string Name, Func<HealingRecipe, Case, HealingRecipe> Make)[] healings,
        string heldOut)
    {
        (string model, string text, string calibration, string evaluation, string folder, string csv) = (args[0], args[1], args[2], args[3], args[4], args[5]);
        long tokens = args.Length > 6 ? long.Parse(args[6], CultureInfo.InvariantCulture) : 4_000_000;
        string[] only = args.Length > 7 ? args[7].Split(',') : [];
        if (!File.Exists(csv))
        {
            File.WriteAllText(csv, Header + "\n");
        }

        foreach ((PruningMethod method, double sparsity) in prunings)
        {
            string pruning = method == PruningMethod.Depth ? "depth" : "width";
            string run = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{pruning}-{sparsity}"));
            Prune(model, method, sparsity, calibration, evaluation, run);
            foreach ((string name, Func<HealingRecipe, Case, HealingRecipe> make) in healings)
            {
                string title = string.Create(CultureInfo.InvariantCulture, $"{pruning} {sparsity} {name}");
                if (only.Length == 0 || only.Any(pattern => Regex.IsMatch(title, pattern)))
                {
                    Heal(new Case(model, run, pruning, sparsity, name, tokens), make, text, heldOut, csv);
                }
            }
        }

        return 0;
    }

    private static void Prune(string model, PruningMethod method, double sparsity, string calibration, string evaluation, string run)
    {
        if (File.Exists(Path.Combine(run, RunFolder.ReportName)))
        {
            return;
        }

        var recipe = new Recipe
        {
            Method = method,
            Model = Path.GetFullPath(model),
            Sparsity = sparsity,
            Calibration = new CalibrationOptions { Source = TextSource.File, File = Path.GetFullPath(calibration), Windows = 32, Window = 128 },
            Evaluation = new EvaluationOptions { Source = TextSource.File, File = Path.GetFullPath(evaluation), Windows = EvaluationWindows, Window = Window },
            Depth = new DepthOptions { Search = DepthSearch.Greedy },
        };
        Console.Error.WriteLine($"Pruning into {run}");
        if (File.Exists(Path.Combine(run, RunFolder.RecipeName)))
        {
            PruningRun.Resume(run);
        }
        else
        {
            PruningRun.Start(recipe, run);
        }
    }

    private static void Heal(Case each, Func<HealingRecipe, Case, HealingRecipe> make, string text, string heldOut, string csv)
    {
        string[] known = File.ReadAllLines(csv);
        string begin = each.Begin(Hash(each.Model));
        string folder = Path.Combine(each.Run, $"{each.Healing.Replace(" + ", "-", StringComparison.Ordinal)}-{each.Tokens}");
        if (known.Any(line => line.StartsWith(begin, StringComparison.Ordinal) && line.Split(',')[5] == each.Last.ToString(CultureInfo.InvariantCulture)))
        {
            return;
        }

        var recipe = new HealingRecipe
        {
            Model = Path.GetFullPath(each.Run),
            Text = Path.GetFullPath(text),
            HeldOut = Path.GetFullPath(heldOut),
            HeldOutWindows = EvaluationWindows,
            HeldOutWindow = Window,
        };
        Console.Error.WriteLine($"Healing into {folder}");
        using var team = new ThreadTeam(Environment.ProcessorCount);
        string ended = Path.Combine(folder, HealingReport.FileName);
        HealingReport report = File.Exists(ended) ? HealingReport.Read(ended) : HealingRun.Execute(make(recipe, each), folder, new HealingRunOptions
        {
            Team = team,
            Resume = File.Exists(Path.Combine(folder, HealingRecipe.FileName)),
            LogEvery = Math.Max(1, each.Steps / 50),
            EvaluateEvery = long.MaxValue,
            SaveEvery = Math.Max(1, each.Steps / 20),
            ReadOffs = [.. Parts.Select(part => (long)(part * each.Steps) * Batch * Window)],
            Progress = stage => new Lines(stage),
        });
        string[] lines = [.. Points(each, report, Path.Combine(folder, "healing.jsonl")).Select(point => string.Create(
            CultureInfo.InvariantCulture, $"{begin}{point.Tokens},{point.Seconds:F1},{point.Loss:R},{team.Size}"))];

        // What an interrupted process wrote of the case is written again.
        File.WriteAllLines(csv, known.Where(line => !line.StartsWith(begin, StringComparison.Ordinal) || Beyond(line, each.Last)).Concat(lines));
    }

    /// <summary>The model before, the points on the way, and the model that was written.</summary>
    private static IEnumerable<(long Tokens, double Seconds, double Loss)> Points(Case each, HealingReport report, string log)
    {
        yield return (0, 0, report.HeldOutLossBefore);
        (long Tokens, double Seconds, double? Loss)[] lines = [.. File.Exists(log) ? File.ReadAllLines(log).Select(Line) : []];

        // A reconstruction in front of the steps takes its time before the first of them.
        double first = lines.Length == 0 ? report.Seconds : Math.Max(0, report.Seconds - lines[^1].Seconds);
        double pace = Pace(lines);
        foreach ((long tokens, _, double? loss) in lines)
        {
            if (loss is { } value && tokens < each.Last)
            {
                yield return (tokens, first + (tokens * pace), value);
            }
        }

        yield return (each.Last, first + (lines.Length == 0 ? 0 : each.Last * pace), report.HeldOutLossAfter);
    }

    /// <summary>Seconds a token when nothing else runs: the least between two lines of the log, because a machine is rarely left alone for hours.</summary>
    private static double Pace((long Tokens, double Seconds, double? Loss)[] lines) =>
        lines.Zip(lines.Skip(1), (a, b) => (b.Seconds - a.Seconds) / (b.Tokens - a.Tokens)).DefaultIfEmpty(0).Min();

    private static (long Tokens, double Seconds, double? Loss) Line(string json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement line = document.RootElement;
        return (line.GetProperty("tokens").GetInt64(), line.GetProperty("seconds").GetDouble(), line.TryGetProperty("heldOutLoss", out JsonElement loss) ? loss.GetDouble() : null);
    }

    private static bool Beyond(string line, long tokens) => long.Parse(line.Split(',')[5], CultureInfo.InvariantCulture) > tokens;

    private static HealingRecipe Full(HealingRecipe recipe, long steps, double rate, double divergence) => recipe with
    {
        Stages = [HealingStage.Full],
        Full = recipe.Full with { Divergence = divergence, Training = Training(recipe.Full.Training, steps, rate) },
    };

    private static HealingRecipe Lora(HealingRecipe recipe, long steps, double rate, double divergence) => recipe with
    {
        Stages = [HealingStage.Lora],
        Lora = recipe.Lora with { Divergence = divergence, Training = Training(recipe.Lora.Training, steps, rate) },
        Adapters = recipe.Adapters with { Rank = 16, Alpha = 32, Dropout = 0 },
    };

    private static HealingRecipe Reconstruction(HealingRecipe recipe) => recipe with
    {
        Stages = [HealingStage.Reconstruction],
        Reconstruction = new ReconstructionOptions { Windows = 128, Window = Window, Epochs = 8 },
    };

    /// <summary>A rate that stays, so that every point of a trajectory is that of a shorter one but for its last fall.</summary>
    private static TrainingOptions Training(TrainingOptions options, long steps, double rate) =>
        options with { Steps = steps, Window = Window, Batch = Batch, LearningRate = rate, Schedule = ScheduleKind.Constant, WarmUpSteps = Math.Min(20, steps / 5), WeightDecay = 0 };

    private static string Hash(string model)
    {
        using var checkpoint = Checkpoint.Open(model);
        return checkpoint.ContentHash()[..8];
    }

    private sealed record Case(string Model, string Run, string Pruning, double Sparsity, string Healing, long Tokens)
    {
        public long Steps => Math.Max(1, Tokens / (Batch * Window));

        /// <summary>Learning rate of all weights: a model that lost whole blocks wants larger steps.</summary>
        public double FullRate => Pruning == "depth" ? 1e-3 : 3e-4;

        /// <summary>Tokens of the last point.</summary>
        public long Last => Healing == "reconstruction" ? 128L * Window * 8 : Steps * Batch * Window;

        public string Begin(string hash) =>
            string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Model))},{hash},{Pruning},{Sparsity},{Healing},");
    }

    private sealed class Lines(string stage) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{stage}, step {value.Step.Number} of {value.Steps}, loss {value.Step.LossNats:F4}, held out {value.HeldOutLossNats:F4}, {value.TokensPerSecond:N0} tokens/s, {value.SecondsLeft:N0} s left"));
    }
}
