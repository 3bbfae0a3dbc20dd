using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Search;

namespace Niwaki.Pruning.Scores;

/// <summary>What the whole model is worth without a unit, by some objective (Shortened LLaMA, criterion "ppl").</summary>
internal sealed class RemovalScore(RemovalJudge judge) : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units) => judge.Try([], units);
}
