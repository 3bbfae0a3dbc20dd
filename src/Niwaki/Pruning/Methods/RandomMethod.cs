using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Pruning.Decisions;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Removes KV groups and neurons at random: the baseline that every other method must beat.</summary>
public sealed class RandomMethod : IPruningMethod
{
    /// <inheritdoc />
    public PruningMethod Method => PruningMethod.Random;

    /// <inheritdoc />
    public ModelSelection Decide(PruningContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var random = new SeededRandom(context.Recipe.Seed);
        return UniformRemoval.Decide(context, units =>
        {
            double[] scores = new double[units.Count];
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = random.NextDouble();
            }

            return scores;
        });
    }
}
