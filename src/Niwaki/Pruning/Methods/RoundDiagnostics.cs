using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Fills the report of a round.</summary>
internal static class RoundDiagnostics
{
    /// <summary>What a round did.</summary>
    /// <param name="context">The run.</param>
    /// <param name="round">The round.</param>
    /// <param name="chosen">Steps that go, by indices of the round.</param>
    /// <param name="ordered">All steps of the pools.</param>
    /// <param name="byPrior">All steps of the pools in the order of the prior.</param>
    /// <param name="fromTokens">Tokens counted before the round.</param>
    /// <param name="seconds">Wall time of its evaluations.</param>
    /// <param name="evaluations">Sub-models.</param>
    public static ReportedRound Create(
        PruningContext context,
        WidthRound round,
        IReadOnlyList<RemovalStep> chosen,
        IReadOnlyList<RemovalStep> ordered,
        IReadOnlyList<RemovalStep> byPrior,
        long fromTokens,
        double seconds,
        int evaluations)
    {
        long removed = chosen.Sum(step => step.Parameters);
        HashSet<Unit> byPriorUnits = [.. TakeUntil(byPrior, removed).SelectMany(step => step.Units)];
        long shared = chosen.SelectMany(step => step.Units.Select(unit => (unit, Parameters: step.Parameters / step.Units.Count)))
            .Where(pair => byPriorUnits.Contains(pair.unit)).Sum(pair => pair.Parameters);
        long pool = ordered.Sum(step => step.Parameters);
        int[][] counts = [.. context.Config.Blocks.Select(_ => new int[2])];
        foreach (Unit unit in chosen.SelectMany(step => round.ToSource(step).Units))
        {
            counts[unit.Block][unit.Kind == UnitKind.KeyValueGroup ? 0 : 1]++;
        }

        return new ReportedRound
        {
            Round = round.Number,
            Evaluations = evaluations,
            PoolUnits = ordered.Sum(step => step.Units.Count),
            Removed = counts,
            PriorShare = removed > 0 ? (double)shared / removed : 1,
            ChanceShare = pool > 0 ? (double)removed / pool : 1,
            ForwardTokens = context.ForwardTokens - fromTokens,
            Seconds = seconds,
        };
    }

    /// <summary>Adds what a regression knew.</summary>
    public static ReportedRound WithFit(ReportedRound report, BonsaiFit fit, int removedUnits, Kernels.ThreadTeam team)
    {
        (double r2, double tau) = fit.CrossValidate();
        (double nullMean, double nullDeviation) = fit.Null(team);
        (double[] first, double[] second) = fit.Halves();
        int lowest = Math.Min(removedUnits, first.Length);
        return report with
        {
            CrossValidatedR2 = r2,
            CrossValidatedTau = tau,
            NullTau = nullMean,
            NullTauDeviation = nullDeviation,
            HalfCorrelation = RankCorrelation.Of(first, second),
            HalfOverlap = lowest > 0 ? (double)Lowest(first, lowest).Intersect(Lowest(second, lowest)).Count() / lowest : 1,
        };
    }

    private static IEnumerable<RemovalStep> TakeUntil(IReadOnlyList<RemovalStep> steps, long parameters)
    {
        long taken = 0;
        return steps.TakeWhile(step =>
        {
            bool more = taken < parameters;
            taken += step.Parameters;
            return more;
        });
    }

    private static IEnumerable<int> Lowest(double[] scores, int count) =>
        Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ThenBy(i => i).Take(count);
}
