using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Pruning.Surgery;
using Niwaki.Runs;

namespace Niwaki.Pruning;

/// <summary>The last round of a Bonsai run decided anew from its records, and the model that comes of it.</summary>
/// <remarks>
/// Earlier rounds are decided again as they were, from the same records. Nothing passes through the model, so neither loss nor perplexity of the
/// outcome is known until it is measured.
/// </remarks>
public sealed class RunRefit
{
    private RunRefit(IReadOnlyList<ReportedRound> rounds, double sparsityReached, double sharedRemoved)
    {
        Rounds = rounds;
        SparsityReached = sparsityReached;
        SharedRemoved = sharedRemoved;
    }

    /// <summary>The rounds, the last one refitted.</summary>
    public IReadOnlyList<ReportedRound> Rounds { get; }

    /// <summary>Share of the prunable parameters that goes, 0 to 1.</summary>
    public double SparsityReached { get; }

    /// <summary>Share of the units that the run removed which go here too, 0 to 1.</summary>
    public double SharedRemoved { get; }

    /// <summary>Decides anew and writes <c>plan.json</c> and <c>model/</c>.</summary>
    /// <param name="run">Folder of a Bonsai run that has ended.</param>
    /// <param name="path">Folder to make.</param>
    /// <param name="change">Changes the settings of the last round; those that name other evaluations must stay.</param>
    /// <param name="threads">Threads, 1 or more.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="RunFolderException">The folder holds no run, or the target holds something already.</exception>
    /// <exception cref="PruningException">The run is of another method, has no rounds, or the settings need evaluations that it does not have.</exception>
    /// <exception cref="Formats.ModelFormatException">A record or the model is broken.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RunRefit Make(
        string run, string path, Func<BonsaiOptions, BonsaiOptions> change, int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using RunFolder folder = RunFolder.Open(run);
        Recipe recipe = folder.Recipe;
        if (recipe.Method != PruningMethod.Bonsai || !File.Exists(folder.ReportPath))
        {
            throw new PruningException($"'{run}' holds a run of {PruningMethodNames.NameOf(recipe.Method)}{(File.Exists(folder.ReportPath) ? "" : " that has not ended")}, expected one of bonsai that has.");
        }

        if (Path.Exists(path))
        {
            throw new RunFolderException(path, $"'{path}' exists already, expected the path of a new folder. Choose another --out.");
        }

        BonsaiOptions options = change(recipe.Bonsai);
        CheckChange(recipe, options);
        int rounds = RunReport.Read(folder.ReportPath).Rounds?.Count ?? 0;
        if (rounds == 0)
        {
            throw new PruningException($"'{run}' holds a run without rounds, expected at least one: so little was to be removed that none was made. Prune with a higher sparsity.");
        }

        using Checkpoint checkpoint = Checkpoint.Open(recipe.FullPath(recipe.Model!));
        ModelConfig config = ModelConfigReader.Read(checkpoint);
        var plan = PruningPlan.Read(folder.PlanPath, config, checkpoint.StructureHash);
        if (plan.SourceContentHash is { } hash && hash != checkpoint.ContentHash(cancellationToken))
        {
            throw new PruningException($"'{checkpoint.Folder}': weights have another hash than those that '{folder.PlanPath}' was made for, expected the same. Put them back, or prune anew.");
        }

        using var team = new ThreadTeam(threads);
        PruningContext context = Decide(folder, checkpoint, config, team, (rounds, options), out ModelSelection selection);
        Directory.CreateDirectory(path);
        Recipe refitted = recipe with { Bonsai = options };
        PruningPlan refit = plan with { Recipe = refitted.ToYaml(), Selection = selection, Biases = context.Biases };
        refit.Write(Path.Combine(path, RunFolder.PlanName));
        CheckpointSurgery.Apply(checkpoint, config, refit, Path.Combine(path, RunFolder.ModelName), cancellationToken: cancellationToken);
        ParameterCount before = ParameterCounter.Count(config);
        return new RunRefit(
            [.. context.Rounds], 1 - ((double)ParameterCounter.Count(config.Select(selection)).Prunable / before.Prunable), Shared(config, plan.Selection, selection));
    }

    private static PruningContext Decide(
        RunFolder folder, Checkpoint checkpoint, ModelConfig config, ThreadTeam team, (int Round, BonsaiOptions Options) refit, out ModelSelection selection)
    {
        using Journal journal = folder.OpenJournal(CpuFeatures.VectorPath);
        var log = new EvaluationLog(journal);

        // The baseline is the first line of every journal; the rounds follow it.
        log.GetOrRun(PruningRun.BaselineKey, () => throw new PruningException($"'{folder.JournalPath}' has {log.Recorded} evaluations, expected the baseline first."));
        var context = new PruningContext
        {
            Checkpoint = checkpoint,
            Config = config,
            Team = team,
            Recipe = folder.Recipe,
            Calibration = RecordedWindows.Read(folder.CalibrationPath, config.VocabularySize).Windows,
            Log = log,
            RoundStore = new RoundStore(folder.RoundsPath),
            RecordedOnly = true,
            Refit = refit,
        };
        selection = PruningMethods.Get(PruningMethod.Bonsai).Decide(context);
        return context;
    }

    private static void CheckChange(Recipe recipe, BonsaiOptions options)
    {
        (recipe with { Bonsai = options }).Validate();
        BonsaiOptions before = recipe.Bonsai;
        bool other = (options.Utility == SubModelUtility.Divergence) != (before.Utility == SubModelUtility.Divergence)
            || (options.Regression == RegressionKind.None) != (before.Regression == RegressionKind.None);
        if (other)
        {
            throw new PruningException(
                $"Utility {options.Utility} with regression {options.Regression} needs other evaluations than the recorded ones of utility {before.Utility} with regression {before.Regression}. Prune anew.");
        }
    }

    /// <summary>Share of the units that the first selection removes which the second removes too.</summary>
    private static double Shared(ModelConfig config, ModelSelection first, ModelSelection second)
    {
        long removed = 0;
        long shared = 0;
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            Count(shape.KeyValueHeads, first.Blocks[block].KeyValueHeads, second.Blocks[block].KeyValueHeads);
            Count(shape.Neurons, first.Blocks[block].Neurons, second.Blocks[block].Neurons);
        }

        return removed == 0 ? 1 : (double)shared / removed;

        void Count(int units, int[] inFirst, int[] inSecond)
        {
            int[] gone = [.. Enumerable.Range(0, units).Except(inFirst)];
            removed += gone.Length;
            shared += gone.Except(inSecond).Count();
        }
    }
}
