using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Methods;
using Niwaki.Pruning.Scores;
using Niwaki.Pruning.Search;
using Niwaki.Runs;
using Niwaki.Tokenizers;

namespace Niwaki.Pruning;

/// <summary>What a run would need, from the recipe and a few measured passes.</summary>
/// <param name="Seconds">Time, from the rate measured now.</param>
/// <param name="ForwardTokens">Tokens that would go through the model to decide.</param>
/// <param name="TokensPerSecond">Rate of a pass over some calibration windows on this machine now.</param>
/// <param name="MemoryBytes">Weights, residual stream and scratch memory.</param>
/// <param name="DiskBytes">The smaller model at most, with the files of the run.</param>
public sealed record RunEstimate(double Seconds, long ForwardTokens, double TokensPerSecond, long MemoryBytes, long DiskBytes)
{
    private const long JournalBytesPerEvaluation = 256;

    /// <summary>Measures and estimates; nothing is written.</summary>
    /// <param name="recipe">What to do.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <exception cref="RecipeException">The recipe has faults.</exception>
    /// <exception cref="Formats.ModelFormatException">The model folder is broken.</exception>
    /// <exception cref="Formats.UnsupportedModelException">The model or its tokenizer is of a kind that Niwaki does not run.</exception>
    public static RunEstimate Measure(Recipe recipe, PruningRunOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        recipe.Validate();
        TargetCheck.CheckFiles(recipe);
        using var checkpoint = Checkpoint.Open(recipe.FullPath(recipe.Model ?? throw new RecipeException(null, ["Recipe names no model, expected a model folder."])));
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        TargetCheck.Check(recipe, config, options.Notice);
        _ = Tokenizer.Load(checkpoint.Folder); // what the run would refuse is refused here
        using var team = new ThreadTeam(options.Threads);
        using var model = Transformer.Load(checkpoint, config, team, new TransformerOptions { MemoryBytes = options.MemoryBytes });
        int window = Math.Min(recipe.Calibration.Window, config.ContextLength);
        double rate = ForwardRate.Measure(model, window, cancellationToken);
        long windows = recipe.Calibration.Windows;
        (long evaluations, double passes) = Evaluations(recipe, config);
        long tokens = (long)Math.Ceiling(passes * windows * window);

        // A token written with a cache costs about as much as one row of a pass, but rows are few: an eighth of the rate is what batches of 16 reach.
        double evaluated = EvaluationTokens(recipe, config);
        double written = 8 * ((recipe.Calibration.Source == TextSource.Self ? windows * window * recipe.CalibrationSetCount : 0) + (recipe.Evaluation.Source == TextSource.Self ? evaluated : 0));
        long stream = Math.Min(model.Memory.StreamBytes, ResidualStream.BytesFor(windows * window, config.HiddenSize));
        long scratch = model.ScratchBytes + team.ScratchBytes;
        return new RunEstimate(
            (tokens + written + (2 * evaluated)) / rate,
            tokens,
            rate,
            Math.Max(model.Memory.WeightBytes + stream + scratch, GradientBytes(recipe, config, window)),
            (long)(checkpoint.Tensors.Sum(tensor => (double)tensor.ByteLength) * (1 - (Removed(recipe, config) * Prunable(config)))) + (evaluations * JournalBytesPerEvaluation));
    }

    /// <summary>Tokens that measure the model; a file has about one for four bytes.</summary>
    private static double EvaluationTokens(Recipe recipe, ModelConfig config)
    {
        double window = Math.Min(recipe.Evaluation.Window, config.ContextLength);
        double all = recipe.Evaluation is { Source: TextSource.File, File: { } file }
            ? Math.Floor(new FileInfo(recipe.FullPath(file)).Length / 4 / window)
            : EvaluationOptions.DefaultSelfWindows;
        return window * (recipe.Evaluation is { Source: TextSource.Self, Windows: { } asked } ? asked : Math.Min(all, recipe.Evaluation.Windows ?? all));
    }

    /// <summary>Memory of the gradients that Taylor scores need; 0 without them.</summary>
    private static long GradientBytes(Recipe recipe, ModelConfig config, int window)
    {
        bool needed = recipe.Method switch
        {
            PruningMethod.Depth => recipe.Depth.Criterion == DepthCriterion.Taylor && recipe.Depth.Order is null,
            PruningMethod.Bonsai or PruningMethod.DepthWidth => recipe.Bonsai.Prior == ImportancePrior.Taylor,
            PruningMethod.Niwaki => recipe.Niwaki.Prior == ImportancePrior.Taylor,
            _ => false,
        };
        return needed ? TaylorGradients.MemoryBytes(config, [.. Enumerable.Repeat(new int[window], recipe.Calibration.Windows)]) : 0;
    }

    /// <summary>Share of the prunable parameters that goes: where a number of blocks or sub-layers is asked for, that of the smallest.</summary>
    private static double Removed(Recipe recipe, ModelConfig config)
    {
        if (recipe is not { Method: PruningMethod.Depth, Depth.Blocks: { } count })
        {
            return recipe.Sparsity;
        }

        long removed = DepthUnits.Of(config, recipe.Depth).Select(unit => ParameterCounter.PrunableOf(config, unit)).Order().Take(count).Sum();
        return (double)removed / ParameterCounter.Count(config).Prunable;
    }

    private static double Prunable(ModelConfig config)
    {
        ParameterCount count = ParameterCounter.Count(config);
        return (double)count.Prunable / count.Total;
    }

    /// <summary>Evaluations that decide, and the passes over the calibration windows that they take together.</summary>
    private static (long Evaluations, double Passes) Evaluations(Recipe recipe, ModelConfig config)
    {
        switch (recipe.Method)
        {
            case PruningMethod.Bonsai:
                return Bonsai(recipe);
            case PruningMethod.DepthWidth:
                return DepthWidth(recipe, config);
            case PruningMethod.Niwaki:
                return Niwaki(recipe, config);
            case PruningMethod.Depth:
                return Depth(recipe, DepthUnits.Of(config, recipe.Depth).Count);
            default:
                return (0, 0);
        }
    }

    private static (long Evaluations, double Passes) Bonsai(Recipe recipe)
    {
        long masks = (long)Math.Ceiling(recipe.Sparsity / recipe.Bonsai.PruneFraction) * ((recipe.Bonsai.Perturb ? recipe.Bonsai.MasksPerRound : 0) + 1);
        return (masks, masks);
    }

    /// <summary>A greedy path, two passes for every beginning of it, and the rounds in the width that the best one leaves: all of them at most.</summary>
    private static (long Evaluations, double Passes) DepthWidth(Recipe recipe, ModelConfig config)
    {
        int units = DepthUnits.Of(config, recipe.Depth).Count;
        (long judged, double passes) = Depth(recipe with { Depth = recipe.Depth with { Search = DepthSearch.Greedy } }, units);
        int splits = recipe.Depth.Blocks is null ? 1 + (int)Math.Ceiling(recipe.Sparsity * units) : 0;
        (long masks, double width) = Bonsai(recipe);
        return (judged + splits + masks, passes + (2.0 * splits) + width);
    }

    /// <summary>Two halves a group; priors and controls are passes of their own. Every round as the first one, whose model is the largest.</summary>
    private static (long Evaluations, double Passes) Niwaki(Recipe recipe, ModelConfig config)
    {
        int rounds = recipe.Niwaki.Rounds, windows = recipe.Calibration.Windows;
        var shapes = new ShapeRules(config, recipe.Profile, recipe.RoundTo, recipe.AddsBiases);
        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(config, recipe.WidthUnits);
        var search = NiwakiSearch.Fit(recipe, config, shapes, WidthTarget.Of(config, recipe), windows);
        double passes = ((NiwakiSearch.PassesBeside * search.Windows) + search.WindowPasses(subLayers, config, shapes)) / windows;
        return (2 * rounds * search.Groups(subLayers, config, shapes), rounds * (1 + passes));
    }

    /// <summary>A scan over n units takes half of n passes, what lies in front of a unit being shared.</summary>
    private static (long Evaluations, double Passes) Depth(Recipe recipe, int units)
    {
        DepthOptions options = recipe.Depth;
        if (options.Order is not null || options.Criterion is not (DepthCriterion.Loss or DepthCriterion.Kl))
        {
            // A backward pass costs two forward passes and one more for what is computed again.
            return (0, options.Criterion switch { DepthCriterion.Influence => 1, DepthCriterion.Taylor => 4, _ => 0 });
        }

        int removed = Math.Clamp(options.Blocks ?? (int)Math.Ceiling(recipe.Sparsity * units), 1, Math.Max(1, units - 1));
        int scans = options.Search == DepthSearch.OneShot ? 1 : options.FullPath ? units - 1 : removed;
        long evaluations = Enumerable.Range(0, Math.Max(0, scans)).Sum(i => (long)units - i);

        // Exchanges try every removed unit at least once, mostly twice.
        evaluations += options.Search == DepthSearch.Swaps ? 2L * removed * (units - removed) : 0;
        return (evaluations, (evaluations / 2.0) + (options.Criterion == DepthCriterion.Kl ? 1 : 0));
    }
}
