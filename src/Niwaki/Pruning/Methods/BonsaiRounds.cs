using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>The rounds of one Bonsai run.</summary>
internal sealed class BonsaiRounds : IDisposable
{
    private readonly PruningContext _context;
    private readonly long _prunable;
    private readonly long _target;
    private readonly WeightMagnitudes _magnitudes;
    private readonly BiasRepair? _repair;
    private readonly SelectionBuilder _builder;
    private readonly List<RemovalStep> _removed = [];
    private readonly IReadOnlyList<Unit> _gone;
    private readonly long _removedBefore;
    private Transformer? _dense;

    /// <summary>Begins with the whole model, or with what others left of it.</summary>
    /// <param name="context">The run.</param>
    /// <param name="gone">Units that are removed already; they count towards the target and stay removed.</param>
    public BonsaiRounds(PruningContext context, IReadOnlyList<Unit>? gone = null)
    {
        _gone = gone ?? [];
        _context = context;
        _prunable = ParameterCounter.Count(context.Config).Prunable;
        _target = _gone.Count == 0 ? WidthTarget.Of(context.Config, context.Recipe) : PlanTarget.PrunableToRemove(context.Config, context.Recipe.Sparsity);
        _repair = context.Recipe.Bonsai.Repair == UnitRepair.Bias ? new BiasRepair(context) : null;
        _magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, context.Team);
        _builder = Begin();
        _removedBefore = _builder.RemovedPrunable;
    }

    private BonsaiOptions Bonsai => _context.Recipe.Bonsai;

    private double Share => (double)_builder.RemovedPrunable / _prunable;

    /// <summary>Runs all rounds.</summary>
    /// <returns>What stays.</returns>
    public ModelSelection Run()
    {
        for (int round = 1; !IsAtEnd(); round++)
        {
            IReadOnlyList<RemovalStep> steps = RunRound(round);
            if (steps.Count == 0)
            {
                break;
            }

            _builder.Remove(steps.SelectMany(step => step.Units));
            _removed.AddRange(steps);
        }

        // A large unit that goes last may overshoot by more than smaller ones of the rounds before hold: those come back.
        IReadOnlyList<RemovalStep> needed = Bonsai.Stop == StopRule.Exact ? RemovalSteps.Needed(_removed, _target - _removedBefore) : _removed;
        SelectionBuilder result = Begin();
        result.Remove(needed.SelectMany(step => step.Units));
        _context.Biases = _repair?.Biases(needed.SelectMany(step => step.Units));
        return result.Build();
    }

    /// <inheritdoc />
    public void Dispose() => _dense?.Dispose();

    private SelectionBuilder Begin()
    {
        var builder = new SelectionBuilder(_context.Config);
        builder.Remove(_gone);
        return builder;
    }

    private bool IsAtEnd()
    {
        if (Bonsai.Stop == StopRule.Exact)
        {
            return _builder.RemovedPrunable >= _target;
        }

        return Math.Abs(Share - _context.Recipe.Sparsity) < Bonsai.Tolerance || Share > _context.Recipe.Sparsity;
    }

    /// <summary>One round.</summary>
    /// <returns>Steps to remove; units by indices of the source, groups the same in every round. None: the published rule finds no more.</returns>
    private IReadOnlyList<RemovalStep> RunRound(int number)
    {
        long tokens = _context.ForwardTokens;
        BonsaiOptions options = OptionsOf(number);
        using var round = new WidthRound(_context, number, _builder.Build(), _repair?.Biases(_removed.SelectMany(step => step.Units)));
        var scores = new BonsaiScores(_context, round, options, _magnitudes);
        scores.Decide(options.Utility == SubModelUtility.Divergence ? () => Reference(round) : null);
        IReadOnlyList<RemovalStep> chosen = Choose(number, options, scores.Ordered);
        _repair?.Note(round, scores.Record.Means, chosen);
        _context.Rounds.Add(scores.Report(chosen, tokens));
        return [.. chosen.Select(round.ToSource)];
    }

    private BonsaiOptions OptionsOf(int number)
    {
        BonsaiOptions options = _context.Refit is { } refit && refit.Round == number ? refit.Options : Bonsai;

        // The published code shrinks a round that would overshoot, its pool with it.
        return Bonsai.Stop == StopRule.Published
            ? options with { PruneFraction = Math.Min(options.PruneFraction, _context.Recipe.Sparsity - Share) }
            : options;
    }

    private IReadOnlyList<RemovalStep> Choose(int number, BonsaiOptions options, IReadOnlyList<RemovalStep> ordered)
    {
        if (Bonsai.Stop == StopRule.Published)
        {
            return RemovalSteps.Within(ordered, (long)(options.PruneFraction * _prunable));
        }

        long missing = _target - _builder.RemovedPrunable;
        if (ordered.Count == 0)
        {
            throw new PruningException(
                $"Round {number} has no unit left to remove, but {missing:N0} parameters are missing to a sparsity of {_context.Recipe.Sparsity}. Lower the sparsity.");
        }

        // The last round reaches the target; one before stays within its share, but removes something.
        long budget = Math.Min((long)Math.Ceiling(options.PruneFraction * _prunable * number) + _removedBefore, _target) - _builder.RemovedPrunable;
        IReadOnlyList<RemovalStep> chosen = budget >= missing ? RemovalSteps.Reach(ordered, missing) : RemovalSteps.Within(ordered, budget);
        return chosen.Count > 0 ? chosen : RemovalSteps.Reach([ordered[0]], missing);
    }

    private DenseReference Reference(WidthRound round)
    {
        _dense ??= _context.LoadModel();
        return DenseReference.Create(_dense, round.Windows);
    }
}
