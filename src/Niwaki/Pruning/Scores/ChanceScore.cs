using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;

namespace Niwaki.Pruning.Scores;

/// <summary>Uniform in [0, 1), from the seed of the recipe. A baseline.</summary>
internal sealed class ChanceScore : IUnitScore
{
    /// <inheritdoc />
    public double[] Score(PruningContext context, IReadOnlyList<Unit> units)
    {
        var random = new SeededRandom(context.Recipe.Seed);
        return [.. units.Select(_ => random.NextDouble())];
    }
}
