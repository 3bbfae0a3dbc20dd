using Niwaki.Models;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Ranks the units of one round's pools by the prior, a regression, or both.</summary>
internal sealed class BonsaiScores(PruningContext context, WidthRound round, BonsaiOptions options, WeightMagnitudes magnitudes)
{
    private BonsaiPool[] _pools = [];
    private BonsaiSample? _sample;
    private BonsaiFit? _fit;

    /// <summary>The sweep of the round.</summary>
    public RoundRecord Record { get; private set; } = new([], [], []);

    /// <summary>The steps of all pools, the least important first.</summary>
    public IReadOnlyList<RemovalStep> Ordered { get; private set; } = [];

    /// <summary>Sweeps, evaluates, fits, ranks.</summary>
    /// <param name="dense">Makes the dense model's view of the windows; null: the utility does not ask for it.</param>
    public void Decide(Func<DenseReference>? dense)
    {
        var evaluations = new BonsaiEvaluations(context, round, options);
        bool averages = options is { Perturb: true, Regression: RegressionKind.None };
        Record = round.Sweep(
            options.Prior, magnitudes, context.Recipe.Bonsai.Repair == UnitRepair.Bias,
            averages ? prior => evaluations.Averages(Draws(Pools(prior)), Pools(prior), prior, magnitudes) : null);
        _pools = Pools(Record.Prior);
        if (averages)
        {
            context.CountTokens(round.Tokens * options.MasksPerRound);
        }
        else if (options.Perturb)
        {
            Fit(evaluations, dense);
        }

        Ordered = _fit is null ? ByPrior(Record.Averages.Count > 0 ? Record.Averages : Record.Prior) : Order(Split(_fit.Coefficients));
    }

    /// <summary>The report of the round.</summary>
    /// <param name="chosen">Steps that go.</param>
    /// <param name="fromTokens">Tokens counted before the round.</param>
    public ReportedRound Report(IReadOnlyList<RemovalStep> chosen, long fromTokens)
    {
        ReportedRound report = RoundDiagnostics.Create(
            context, round, chosen, Ordered, ByPrior(Record.Prior), fromTokens, _sample?.Seconds ?? 0, _sample?.Masks.Count ?? 0);
        return _fit is null ? report : RoundDiagnostics.WithFit(report, _fit, chosen.Sum(step => step.Units.Count), context.Team);
    }

    private BonsaiPool[] Pools(IReadOnlyList<double[]> prior) =>
        [.. round.SubLayers.Select((units, i) => BonsaiPool.Create(units, prior[i], options, context.Shapes, round.Config))];

    private BonsaiDraws Draws(BonsaiPool[] pools) => new(pools, options, round.Config);

    private void Fit(BonsaiEvaluations evaluations, Func<DenseReference>? dense)
    {
        var reference = new Lazy<DenseReference>(dense ?? (() => throw new InvalidOperationException($"Utility is {options.Utility}, expected one that compares with the dense model.")));
        try
        {
            context.CountTokens(dense is null ? 0 : round.Tokens);
            _sample = evaluations.Run(Draws(_pools), dense is null ? null : () => reference.Value);
        }
        finally
        {
            if (reference.IsValueCreated)
            {
                reference.Value.Dispose();
            }
        }

        _fit = options is { Regression: RegressionKind.Published, RegressionScope: RegressionScope.Local }
            ? BonsaiFit.Local(_sample, options, [.. _pools.Select(pool => pool.NormalisedPrior)], context.Recipe.Seed, context.Team)
            : new BonsaiFit(_sample, options, null, context.Recipe.Seed, context.Team);
    }

    private double[][] Split(double[] all)
    {
        double[][] scores = new double[_pools.Length][];
        for (int pool = 0, first = 0; pool < _pools.Length; first += _pools[pool].Count, pool++)
        {
            scores[pool] = all[first..(first + _pools[pool].Count)];
        }

        return scores;
    }

    /// <summary>Quantiles inside a sub-layer, or, with the global sampler, values standardised inside it.</summary>
    private IReadOnlyList<RemovalStep> ByPrior(IReadOnlyList<double[]> prior)
    {
        BonsaiPool[] pools = Pools(prior);
        return Order([.. pools.Select(pool => options.Sampler == BonsaiSampler.Global ? pool.Standardised : pool.Quantiles(options))], pools);
    }

    private IReadOnlyList<RemovalStep> Order(double[][] scores, BonsaiPool[]? pools = null)
    {
        IEnumerable<RemovalStep> steps = (pools ?? _pools).SelectMany((pool, group) => pool.Steps(scores[group], group));
        return RemovalSteps.Order(context.Shapes.EqualBlocks ? RemovalSteps.Join(steps, round.Config.Blocks.Count) : steps);
    }
}
