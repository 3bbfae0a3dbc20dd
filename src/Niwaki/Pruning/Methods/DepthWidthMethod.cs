using System.Globalization;
using System.Text;
using Niwaki.Calibration;
using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes blocks or sub-layers first, then KV groups and neurons of what is left, with the split of the budget that measures best.</summary>
/// <remarks>
/// The depth path is found greedily up to the whole budget. Every beginning of it, none and all included, that leaves enough width is filled up to the target by the prior
/// alone and judged by the loss of that very model; Bonsai then fills up the best beginning. Two passes over the calibration windows for each split.
/// </remarks>
public sealed class DepthWidthMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.DepthWidth;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        long target = PlanTarget.PrunableToRemove(context.Config, context.Recipe.Sparsity);
        IReadOnlyList<Unit> gone = ChooseSplit(context, target);
        ModelSelection depth = SelectionBuilder.Without(context.Config, gone);
        if (Removed(context.Config, depth) >= target)
        {
            return depth;
        }

        using var rounds = new BonsaiRounds(context, gone);
        return rounds.Run();
    }

    private static IReadOnlyList<Unit> ChooseSplit(PruningContext context, long target)
    {
        var depthTarget = new DepthTarget(context.Config, context.Recipe);
        IReadOnlyList<Unit> candidates = DepthUnits.Of(context.Config, context.Recipe.Depth);
        List<IReadOnlyList<Unit>> beginnings = [[]];
        beginnings.AddRange(DepthMethod.GreedyPath(context, candidates, depthTarget).Select(set => set.Units));
        if (context.Recipe.Depth.Blocks is { } count)
        {
            depthTarget.ThrowIfMissed(beginnings[^1]);
            return beginnings[count];
        }

        var magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, context.Team);
        var splits = new List<UnitSet>();
        foreach (IReadOnlyList<Unit> beginning in beginnings)
        {
            // The last unit may overshoot. What is left of the budget must be there in width: a smaller removal would look better than it is.
            IReadOnlyList<Unit> units = depthTarget.IsReached(beginning) ? depthTarget.Reach(beginning) : beginning;
            if (!WidthTarget.IsInReach(context.Config, context.Recipe, units))
            {
                continue;
            }

            double value = Judge(context, units, target, magnitudes);
            splits.Add(new UnitSet(units, double.IsNaN(value) ? double.PositiveInfinity : value));
            context.Progress?.Report(new PruningProgress("splits", (double)splits.Count / beginnings.Count, value));
        }

        if (splits.Count == 0)
        {
            WidthTarget.ThrowIfOutOfReach(context.Config, context.Recipe, beginnings[^1]);
        }

        context.AddFile("depth_width.csv", Table(context.Config, splits));
        return splits.MinBy(split => split.Value)!.Units;
    }

    /// <summary>Loss on the calibration windows of a split that the prior alone fills up.</summary>
    private static double Judge(PruningContext context, IReadOnlyList<Unit> gone, long target, WeightMagnitudes magnitudes)
    {
        string key = string.Create(
            CultureInfo.InvariantCulture, $"split {gone.Count}, last {(gone.Count == 0 ? "none" : DepthUnits.NameOf(gone[^1]))}, filled by {context.Recipe.Bonsai.Prior}");
        return context.Evaluate(key, 2 * context.CalibrationTokens, () =>
        {
            using Transformer model = context.LoadModel(Fill(context, gone, target, magnitudes));
            return ForwardPass.MeanLoss(model, context.Calibration, cancellationToken: context.CancellationToken);
        });
    }

    /// <summary>Removes the units with the lowest prior, about the same share of every sub-layer that is left, up to the target.</summary>
    private static ModelSelection Fill(PruningContext context, IReadOnlyList<Unit> gone, long target, WeightMagnitudes magnitudes)
    {
        ModelSelection depth = SelectionBuilder.Without(context.Config, gone);
        long missing = target - Removed(context.Config, depth);
        if (missing <= 0)
        {
            return depth;
        }

        using var round = new WidthRound(context, 1, depth, null);
        ActivationStatistics? statistics = UnitPriors.NeedsSweep(context.Recipe.Bonsai.Prior)
            ? ActivationStatistics.Collect(round.Model, context.Calibration, cancellationToken: context.CancellationToken)
            : null;
        double[][] prior = context.Recipe.Bonsai.Prior == ImportancePrior.Taylor
            ? TaylorScore.OfWidth(context, context.Calibration, depth, null, round.SubLayers)
            : UnitPriors.Compute(
                context.Recipe.Bonsai.Prior, round.Config, statistics, depth, magnitudes, round.SubLayers, new SeededRandom(context.Recipe.Seed));
        var builder = new SelectionBuilder(context.Config);
        builder.Remove(gone);
        builder.Remove(UniformRemoval.Steps(round.Config, round.SubLayers, prior, context.Shapes, missing).SelectMany(step => round.ToSource(step).Units));
        return builder.Build();
    }

    private static long Removed(ModelConfig config, ModelSelection selection) =>
        ParameterCounter.Count(config).Prunable - ParameterCounter.Count(config.Select(selection)).Prunable;

    private static string Table(ModelConfig config, IEnumerable<UnitSet> splits)
    {
        double prunable = ParameterCounter.Count(config).Prunable;
        var text = new StringBuilder("depth_units,depth_sparsity,loss,units\n");
        foreach (UnitSet split in splits)
        {
            double share = Removed(config, SelectionBuilder.Without(config, split.Units)) / prunable;
            string units = string.Join(' ', split.Units.Select(DepthUnits.NameOf));
            text.Append(CultureInfo.InvariantCulture, $"{split.Units.Count},{share:R},{split.Value:R},{units}\n");
        }

        return text.ToString();
    }
}
