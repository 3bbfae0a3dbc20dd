using Niwaki.Plans;
using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning.Scores;

/// <summary>How far a unit is from the end of the model: the last goes first, of one block the MLP before the attention. A baseline.</summary>
internal sealed class PlaceScore : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units) =>
        [.. units.Select(unit => (2.0 * (context.Config.Blocks.Count - 1 - unit.Block)) + (unit.Kind == UnitKind.Attention ? 1 : 0))];
}
