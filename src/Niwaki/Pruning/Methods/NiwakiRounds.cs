using System.Globalization;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>The rounds of one run of <see cref="NiwakiMethod"/>.</summary>
internal sealed class NiwakiRounds
{
    private readonly PruningContext _context;
    private readonly NiwakiOptions _options;
    private readonly long _target;
    private readonly WeightMagnitudes _magnitudes;
    private readonly BiasRepair? _repair;
    private readonly SelectionBuilder _builder;
    private readonly List<RemovalStep> _removed = [];
    private int _nextWindow;

    /// <summary>Begins with the whole model.</summary>
    /// <param name="context">The run.</param>
    public NiwakiRounds(PruningContext context)
    {
        _context = context;
        _options = context.Recipe.Niwaki;
        _target = WidthTarget.Of(context.Config, context.Recipe);
        _repair = _options.Repair == UnitRepair.Bias ? new BiasRepair(context) : null;
        _magnitudes = WeightMagnitudes.Measure(context.Checkpoint, context.Config, context.Team);
        _builder = new SelectionBuilder(context.Config);
    }

    /// <summary>Runs all rounds.</summary>
    /// <returns>What stays.</returns>
    public ModelSelection Run()
    {
        for (int round = 1; _builder.RemovedPrunable < _target; round++)
        {
            IReadOnlyList<RemovalStep> steps = RunRound(round);
            _builder.Remove(steps.SelectMany(step => step.Units));
            _removed.AddRange(steps);
        }

        // A large unit that goes last may overshoot by more than smaller ones of the rounds before hold: those come back.
        IReadOnlyList<RemovalStep> needed = RemovalSteps.Needed(_removed, _target);
        var result = new SelectionBuilder(_context.Config);
        result.Remove(needed.SelectMany(step => step.Units));
        _context.Biases = _repair?.Biases(needed.SelectMany(step => step.Units));
        return result.Build();
    }

    private IReadOnlyList<RemovalStep> RunRound(int number)
    {
        long tokens = _context.ForwardTokens;
        double seconds = _context.Log.Seconds;
        using var round = new WidthRound(_context, number, _builder.Build(), _repair?.Biases(_removed.SelectMany(step => step.Units)));
        RoundRecord record = round.Sweep(_options.Prior, _magnitudes, _repair is not null);
        var search = NiwakiSearch.Fit(_context.Recipe, round.Config, _context.Shapes, _target, round.Windows.Count);
        List<UnitGroup> groups = Groups(round, search, record.Prior);
        int[][] windows = Windows(round, search.Windows);
        using var ablation = new GroupAblation(
            _context, round, windows, _repair is null ? null : groups => _repair.Contributions(round, record.Means, groups));
        _context.CountTokens(NiwakiSearch.PassesBeside * windows.Sum(window => (long)window.Length));
        (double First, double Second)[] effects = ablation.Effects(groups, done => Report(number, (double)done / groups.Count));
        IReadOnlyList<RemovalStep> ordered = Order(round, groups, Posterior(groups, effects), record.Prior);
        IReadOnlyList<RemovalStep> chosen = Choose(number, ordered);
        _repair?.Note(round, record.Means, chosen);
        AddReport(round, groups, effects, chosen, ordered, record.Prior, tokens, _context.Log.Seconds - seconds);
        return [.. chosen.Select(round.ToSource)];
    }

    /// <summary>Every round looks at the next windows, so that no text decides alone.</summary>
    private int[][] Windows(WidthRound round, int count)
    {
        int first = _nextWindow;
        _nextWindow = (first + count) % round.Windows.Count;
        return [.. Enumerable.Range(first, count).Select(i => round.Windows[i % round.Windows.Count])];
    }

    /// <summary>The units that the search tries, those of lowest prior, in groups of neighbours by the prior.</summary>
    private List<UnitGroup> Groups(WidthRound round, NiwakiSearch search, IReadOnlyList<double[]> prior)
    {
        var groups = new List<UnitGroup>();
        for (int s = 0; s < round.SubLayers.Count; s++)
        {
            SubLayerUnits units = round.SubLayers[s];
            double[] scores = prior[s];
            int[] ranked =
            [
                .. Enumerable.Range(0, units.Count).OrderBy(i => scores[i]).ThenBy(i => i).Take(search.Pool(units, round.Config, _context.Shapes)),
            ];
            groups.AddRange(ranked.Chunk(search.SizeIn(units)).Select(members => new UnitGroup(s, units, members, members.Sum(i => scores[i]))));
        }

        return groups;
    }

    private static double[] Posterior(List<UnitGroup> groups, (double First, double Second)[] effects) =>
        [.. Enumerable.Range(0, groups.Count).GroupBy(g => groups[g].SubLayer)
            .SelectMany(list => GroupPosterior.Means([.. list.Select(g => effects[g])], [.. list.Select(g => groups[g].Prior)]))];

    /// <summary>Groups by effect per parameter; inside a group by the prior.</summary>
    private IReadOnlyList<RemovalStep> Order(WidthRound round, List<UnitGroup> groups, double[] means, IReadOnlyList<double[]> prior)
    {
        var steps = new List<RemovalStep>();
        foreach (IGrouping<int, int> list in Enumerable.Range(0, groups.Count).GroupBy(g => groups[g].SubLayer))
        {
            SubLayerUnits units = round.SubLayers[list.Key];
            (int Unit, double Score)[] ranked =
            [
                .. list.SelectMany(g => groups[g].Members.Select(unit => (unit, Score: means[g] / groups[g].Members.Length / units.UnitParameters)))
                    .OrderBy(pair => pair.Score).ThenBy(pair => prior[list.Key][pair.unit]).ThenBy(pair => pair.unit),
            ];
            UnitCounts counts = _context.Shapes.Of(units.SubLayer, round.Config.Blocks[units.Block]);
            steps.AddRange(RemovalSteps.Cut(units, [.. ranked.Select(pair => pair.Unit)], [.. ranked.Select(pair => pair.Score)], counts, list.Key));
        }

        return RemovalSteps.Order(_context.Shapes.EqualBlocks ? RemovalSteps.Join(steps, round.Config.Blocks.Count) : steps);
    }

    private IReadOnlyList<RemovalStep> Choose(int number, IReadOnlyList<RemovalStep> ordered)
    {
        long missing = _target - _builder.RemovedPrunable;
        if (ordered.Count == 0)
        {
            throw new PruningException(
                $"Round {number} has no unit left to remove, but {missing:N0} parameters are missing to a sparsity of {_context.Recipe.Sparsity}. Lower the sparsity.");
        }

        long budget = Math.Min((long)Math.Ceiling((double)_target * number / _options.Rounds), _target) - _builder.RemovedPrunable;
        IReadOnlyList<RemovalStep> chosen = budget >= missing ? RemovalSteps.Reach(ordered, missing) : RemovalSteps.Within(ordered, budget);
        return chosen.Count > 0 ? chosen : RemovalSteps.Reach([ordered[0]], missing);
    }

    private void Report(int number, double done)
    {
        double rounds = Math.Max(number, _options.Rounds);
        _context.Progress?.Report(new PruningProgress(string.Create(CultureInfo.InvariantCulture, $"round {number} of {rounds}"), (number - 1 + done) / rounds));
    }

    private void AddReport(
        WidthRound round,
        List<UnitGroup> groups,
        (double First, double Second)[] effects,
        IReadOnlyList<RemovalStep> chosen,
        IReadOnlyList<RemovalStep> ordered,
        IReadOnlyList<double[]> prior,
        long tokens,
        double seconds)
    {
        IReadOnlyList<RemovalStep> byPrior = Order(round, groups, [.. groups.Select(group => group.Prior)], prior);
        ReportedRound report = RoundDiagnostics.Create(_context, round, chosen, ordered, byPrior, tokens, seconds, 2 * groups.Count);
        _context.Rounds.Add(report with
        {
            HalfCorrelation = RankCorrelation.Of([.. effects.Select(effect => effect.First)], [.. effects.Select(effect => effect.Second)]),
        });
    }
}
