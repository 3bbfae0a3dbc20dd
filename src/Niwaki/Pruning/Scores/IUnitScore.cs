using Niwaki.Plans;
using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning.Scores;

/// <summary>An estimate of how much each unit matters by itself, made once on the whole model.</summary>
internal interface IUnitScore
{
    /// <summary>Scores units.</summary>
    /// <param name="context">Model, data and settings.</param>
    /// <param name="units">Units of one model, in any order.</param>
    /// <returns>One score a unit; the lowest goes first. NaN counts as the highest.</returns>
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units);
}
