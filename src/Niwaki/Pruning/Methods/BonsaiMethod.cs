using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Bonsai: sub-models drawn around a prior, judged by their perplexity, and a regression that tells which units they missed least.</summary>
/// <remarks>
/// Each round, on what is left of the model: a prior from one sweep; the units with the lowest prior of every sub-layer form its pool; sub-models
/// without some of the pool are evaluated; a ridge regression from "which units were present" to −perplexity ranks the pool; the lowest go.
/// Source: arXiv 2402.05406 and its published code, whose samplers and pools are followed; the ridge is the paper's, its code uses an L1 fit.
/// </remarks>
public sealed class BonsaiMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Bonsai;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        long target = PlanTarget.PrunableToRemove(context.Config, context.Recipe.Sparsity);
        double perRound = context.Recipe.Bonsai.PruneFraction * ParameterCounter.Count(context.Config).Prunable;
        var magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, context.Team);
        var builder = new SelectionBuilder(context.Config);
        var removed = new List<RemovalStep>();
        for (int round = 1; builder.RemovedPrunable < target; round++)
        {
            long budget = Math.Min((long)Math.Ceiling(perRound * round), target) - builder.RemovedPrunable;
            IReadOnlyList<RemovalStep> steps = RunRound(context, round, builder.Build(), magnitudes, budget, target - builder.RemovedPrunable);
            Remove(builder, steps);
            removed.AddRange(steps);
        }

        // A large unit that goes last may overshoot by more than smaller ones of the rounds before hold: those come back.
        var needed = new SelectionBuilder(context.Config);
        Remove(needed, RemovalSteps.Needed(removed, target));
        return needed.Build();
    }

    private static void Remove(SelectionBuilder builder, IEnumerable<RemovalStep> steps)
    {
        foreach (Unit unit in steps.SelectMany(step => step.Units))
        {
            builder.Remove(unit);
        }
    }

    /// <summary>One round.</summary>
    /// <returns>Steps to remove, at least one; units by indices of the source, groups the same in every round.</returns>
    private static IReadOnlyList<RemovalStep> RunRound(
        PruningContext context, int round, ModelSelection selection, WeightMagnitudes magnitudes, long budget, long missing)
    {
        using Transformer model = context.LoadModel(selection);
        var random = new SeededRandom(context.Recipe.Seed, round);
        IReadOnlyList<SubLayerUnits> subLayers = SubLayerUnits.Of(model.Config);
        double[][] prior = UnitPriors.Compute(
            context.Recipe.Bonsai.Prior, model.Config, tap => context.Observe(model, tap), selection, magnitudes, subLayers, random);
        BonsaiPool[] pools = [.. subLayers.Select((units, i) => BonsaiPool.Create(units, prior[i], context.Recipe, model.Config))];
        double[][] scores = new BonsaiRegression(context, model, pools, round).Scores(random);
        IReadOnlyList<RemovalStep> ordered = RemovalSteps.Order(pools.SelectMany((pool, group) => pool.Steps(scores[group], group)));
        if (ordered.Count == 0)
        {
            throw new PruningException(
                $"Round {round} has no unit left to remove, but {missing:N0} parameters are missing to a sparsity of {context.Recipe.Sparsity}. Lower the sparsity.");
        }

        // The last round reaches the target; one before stays within its share, but removes something.
        IReadOnlyList<RemovalStep> chosen = budget >= missing ? RemovalSteps.Reach(ordered, missing) : RemovalSteps.Within(ordered, budget);
        chosen = chosen.Count > 0 ? chosen : RemovalSteps.Reach([ordered[0]], missing);
        return [.. chosen.Select(step => ToSource(step, selection))];
    }

    private static RemovalStep ToSource(RemovalStep step, ModelSelection selection)
    {
        Unit[] units = [.. step.Units.Select(unit => ToSource(unit, selection))];
        return step with { Units = units, Group = (units[0].Block * 2) + (units[0].Kind == UnitKind.KeyValueGroup ? 0 : 1) };
    }

    private static Unit ToSource(Unit unit, ModelSelection selection)
    {
        int block = selection.KeptBlocks[unit.Block];
        BlockSelection kept = selection.Blocks[block];
        int[] indices = unit.Kind == UnitKind.KeyValueGroup ? kept.KeyValueHeads : kept.Neurons;
        return new Unit(unit.Kind, block, indices[unit.Index]);
    }
}
