using System.Globalization;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes whole blocks in one go: those without which the calibration loss is lowest (Shortened LLaMA, its perplexity criterion).</summary>
/// <remarks>Source: arXiv 2402.02834. The "+" rule keeps the first four and the last two blocks; without it every block may go.</remarks>
public sealed class DepthMethod : IPruningMethod
{
    private const int KeptAtStart = 4;
    private const int KeptAtEnd = 2;

    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Depth;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ModelConfig config = context.Config;
        int[] candidates = Candidates(config.Blocks.Count, context.Recipe.Depth.Plus);
        List<RemovalStep> steps = [];
        using (Transformer model = context.LoadModel())
        {
            foreach (int block in candidates)
            {
                var gates = new ModelGates(config.Blocks.Count);
                gates[block].CloseBlock();
                double loss = context.MeanLoss(string.Create(CultureInfo.InvariantCulture, $"without block {block}"), model, gates);
                var unit = new Unit(UnitKind.Block, block, 0);
                steps.Add(new RemovalStep([unit], ParameterCounter.PrunableOf(config, unit), loss, block, 0));
                context.Progress?.Report(new PruningProgress("blocks", (double)steps.Count / candidates.Length, loss));
            }
        }

        var builder = new SelectionBuilder(config);
        foreach (RemovalStep step in Choose(context, RemovalSteps.Order(steps)))
        {
            builder.Remove(step.Units[0]);
        }

        return builder.Build();
    }

    private static int[] Candidates(int blocks, bool plus) =>
        [.. Enumerable.Range(0, blocks).Where(block => !plus || (block >= KeptAtStart && block < blocks - KeptAtEnd))];

    private static IReadOnlyList<RemovalStep> Choose(PruningContext context, IReadOnlyList<RemovalStep> ordered)
    {
        if (context.Recipe.Depth.Blocks is { } count)
        {
            return count <= ordered.Count
                ? [.. ordered.Take(count)]
                : throw new PruningException($"{count} blocks are to go, expected at most {ordered.Count} that may.");
        }

        long target = PlanTarget.PrunableToRemove(context.Config, context.Recipe.Sparsity);
        IReadOnlyList<RemovalStep> chosen = RemovalSteps.Reach(ordered, target);
        long removed = chosen.Sum(step => step.Parameters);
        return removed >= target
            ? chosen
            : throw new PruningException(
                $"The {ordered.Count} blocks that may go hold {removed:N0} prunable parameters, expected {target:N0}. Lower the sparsity or allow all blocks.");
    }
}
