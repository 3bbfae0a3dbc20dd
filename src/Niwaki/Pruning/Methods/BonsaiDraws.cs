using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>Draws the sub-models of a round from its pools.</summary>
internal sealed class BonsaiDraws(IReadOnlyList<BonsaiPool> pools, BonsaiOptions options, ModelConfig config)
{
    /// <summary>All masks of a round, in the order in which they are evaluated.</summary>
    /// <param name="random">Source of randomness.</param>
    /// <returns>For each sub-model which units of all pools are present, pool after pool.</returns>
    public IEnumerable<bool[]> All(SeededRandom random)
    {
        for (int done = 0; done < options.MasksPerRound;)
        {
            bool[] drawn = options.Sampler == BonsaiSampler.Layer ? [.. pools.SelectMany(pool => pool.Draw(random))] : DrawGlobally(random);
            yield return drawn;
            done++;
            if (options.Complement && done < options.MasksPerRound)
            {
                yield return [.. drawn.Select(present => !present)];
                done++;
            }
        }
    }

    /// <summary>The gates of a sub-model.</summary>
    public ModelGates Gates(bool[] present)
    {
        var gates = new ModelGates(config.Blocks.Count);
        int first = 0;
        foreach (BonsaiPool pool in pools)
        {
            pool.Close(present.AsSpan(first, pool.Count), config, gates);
            first += pool.Count;
        }

        return gates;
    }

    /// <summary>One distribution over the units of all pools, weights max(z) − z, cut where the parameters drawn reach the share of a round.</summary>
    private bool[] DrawGlobally(SeededRandom random)
    {
        double[] standardised = [.. pools.SelectMany(pool => pool.Standardised)];
        long[] parameters = [.. pools.SelectMany(pool => Enumerable.Repeat(pool.Units.UnitParameters, pool.Count))];
        double highest = standardised.Length == 0 ? 0 : standardised.Max();
        double budget = options.PruneFraction * ParameterCounter.Count(config).Prunable;
        bool[] present = new bool[standardised.Length];
        Array.Fill(present, true);
        double drawn = 0;
        foreach (int i in WeightedDraw.Order([.. standardised.Select(z => highest - z)], random).TakeWhile(_ => drawn < budget))
        {
            present[i] = false;
            drawn += parameters[i];
        }

        return present;
    }
}
