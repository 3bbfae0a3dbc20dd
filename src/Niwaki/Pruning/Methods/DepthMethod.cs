using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Scores;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes whole blocks, or attention and MLP sub-layers.</summary>
/// <remarks>
/// Published form (Shortened LLaMA, arXiv 2402.02834): every block is judged once by the perplexity without it, and the lowest go together. Beyond it:
/// removal one by one (SLEB, arXiv 2402.09025) with exchanges afterwards, other criteria, sub-layers, and orders from a file.
/// </remarks>
public sealed class DepthMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Depth;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SelectionBuilder.Without(context.Config, Choose(context));
    }

    /// <summary>The units that go, with the files that tell why.</summary>
    internal static IReadOnlyList<Unit> Choose(PruningContext context)
    {
        DepthOptions options = context.Recipe.Depth;
        var target = new DepthTarget(context.Config, context.Recipe);
        IReadOnlyList<Unit> candidates = Candidates(context.Config, options);
        IReadOnlyList<Unit> chosen = options switch
        {
            { Order: { } path } => target.Reach(OrderFile.Read(context.Recipe.FullPath(path), context.Config, options)),
            { Search: DepthSearch.OneShot } => ChooseAtOnce(context, candidates, target),
            _ => ChooseBySearch(context, candidates, target),
        };
        DepthFiles.AddPlan(context, chosen);
        return chosen;
    }

    /// <summary>The units that may go.</summary>
    /// <exception cref="PruningException">There is none.</exception>
    internal static IReadOnlyList<Unit> Candidates(ModelConfig config, DepthOptions options) => DepthUnits.Of(config, options) is [_, ..] candidates
        ? candidates
        : throw new PruningException(
            $"The model has {config.Blocks.Count} blocks, none of which may go: the \"+\" rule keeps the first four and the last two. Switch it off with '--plus false'.");

    /// <summary>The sets after one, two, … removals, each the best step from the one before, until a target is reached.</summary>
    internal static IReadOnlyList<UnitSet> GreedyPath(PruningContext context, IReadOnlyList<Unit> candidates, DepthTarget target)
    {
        using RemovalJudge judge = Judge(context, candidates.Count * candidates.Count / 2);
        UnitSearch search = Search(judge, candidates, target);
        return [.. search.Greedy(target.IsReached)];
    }

    private static IReadOnlyList<Unit> ChooseAtOnce(PruningContext context, IReadOnlyList<Unit> candidates, DepthTarget target)
    {
        double[] scores = Score(context, candidates);
        Unit[] ordered = [.. Enumerable.Range(0, candidates.Count)
            .OrderBy(i => double.IsNaN(scores[i]) ? double.PositiveInfinity : scores[i]).ThenBy(i => i).Select(i => candidates[i])];
        DepthFiles.AddScores(context, candidates, scores);
        DepthFiles.AddOrder(context, ordered);
        return target.Reach(ordered);
    }

    private static double[] Score(PruningContext context, IReadOnlyList<Unit> candidates)
    {
        DepthOptions options = context.Recipe.Depth;
        switch (options.Criterion)
        {
            case DepthCriterion.Magnitude:
                return new WeightSumScore(options.MagnitudePower).Score(context, candidates);
            case DepthCriterion.Influence:
                return new InfluenceScore().Score(context, candidates);
            case DepthCriterion.Taylor:
                return new TaylorScore().Score(context, candidates);
            case DepthCriterion.Last:
                return new PlaceScore().Score(context, candidates);
            case DepthCriterion.Random:
                return new ChanceScore().Score(context, candidates);
            default:
                using (RemovalJudge judge = Judge(context, candidates.Count))
                {
                    return new RemovalScore(judge).Score(context, candidates);
                }
        }
    }

    private static IReadOnlyList<Unit> ChooseBySearch(PruningContext context, IReadOnlyList<Unit> candidates, DepthTarget target)
    {
        using RemovalJudge judge = Judge(context, candidates.Count * candidates.Count / 2);

        UnitSearch search = Search(judge, candidates, target);
        bool goesOn = context.Recipe.Depth.FullPath;
        UnitSet[] path = [.. search.Greedy(units => target.IsReached(units) && (!goesOn || units.Count == candidates.Count - 1))];
        UnitSet last = Array.Find(path, set => target.IsReached(set.Units)) ?? path[^1];
        target.ThrowIfMissed(last.Units);
        IReadOnlyList<Unit> needed = target.Reach(last.Units);
        if (context.Recipe.Depth.Search == DepthSearch.Swaps)
        {
            var start = new UnitSet(needed, needed.Count == last.Units.Count ? last.Value : judge.Try([.. needed.SkipLast(1)], [needed[^1]])[0]);
            UnitSet swapped = search.Swap(start, target.IsReached);
            needed = target.Reach(swapped.Units);
            DepthFiles.AddPath(context, path, swapped);
            DepthFiles.AddOrder(context, [.. needed, .. path[^1].Units.Except(needed)]);
            return needed;
        }

        DepthFiles.AddPath(context, path, null);
        DepthFiles.AddOrder(context, path[^1].Units);
        return needed;
    }

    /// <summary>Units of different sizes: towards a share of the parameters the cheapest per parameter goes, towards a number of units the cheapest.</summary>
    private static UnitSearch Search(RemovalJudge judge, IReadOnlyList<Unit> candidates, DepthTarget target)
    {
        bool perParameter = target.IsShare && candidates.Select(target.ParametersOf).Distinct().Count() > 1;
        return new UnitSearch(judge, candidates, perParameter ? unit => target.ParametersOf(unit) : null);
    }

    private static RemovalJudge Judge(PruningContext context, int expected)
    {
        var judge = new RemovalJudge(context, context.Recipe.Depth.Criterion);
        string unit = context.Recipe.Depth.Units == DepthUnit.Block ? "blocks" : "sub-layers";
        judge.Progress = (judged, value) => context.Progress?.Report(new PruningProgress(unit, Math.Min(1, (double)judged / expected), value));
        return judge;
    }
}
