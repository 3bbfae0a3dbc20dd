using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Pruning.Allocation;
using Niwaki.Pruning.Search;
using Niwaki.Runs;

namespace Niwaki.Pruning.Methods;

/// <summary>The units of one sub-layer that a round may remove: those with the lowest prior.</summary>
internal sealed class BonsaiPool
{
    private readonly SubLayerUnits _units;
    private readonly int[] _members;
    private readonly double[] _drawWeights;
    private readonly int _drawCount;
    private readonly UnitCounts _counts;

    private readonly double[] _prior;

    private BonsaiPool(SubLayerUnits units, int[] members, double[] prior, int drawCount, UnitCounts counts)
    {
        _units = units;
        _members = members;
        _prior = prior;
        double highest = prior.Max();
        _drawWeights = [.. members.Select(i => highest - prior[i])];
        _drawCount = drawCount;
        _counts = counts;
    }

    /// <summary>Units in the pool.</summary>
    public int Count => _members.Length;

    /// <summary>The sub-layer.</summary>
    public SubLayerUnits Units => _units;

    /// <summary>Prior of each member, standardised over all units of the sub-layer; 0 where they are all alike.</summary>
    public double[] Standardised
    {
        get
        {
            double mean = _prior.Average();
            double deviation = Math.Sqrt(_prior.Average(value => (value - mean) * (value - mean)));
            return [.. _members.Select(i => deviation > 0 ? (_prior[i] - mean) / deviation : 0)];
        }
    }

    /// <summary>Prior of each member, as a share of their sum; all 0 where that is not above 0.</summary>
    public double[] NormalisedPrior
    {
        get
        {
            double sum = _members.Sum(i => _prior[i]);
            return [.. _members.Select(i => sum > 0 ? _prior[i] / sum : 0)];
        }
    }

    /// <summary>Forms the pool of a sub-layer.</summary>
    /// <remarks>
    /// With n units and the share p of a round (times the attention ratio for attention): int(n(1 − 2p)) units with the highest prior stay whatever
    /// happens; each sub-model lacks int(pn) + 1 of the others, drawn with weights max(prior) − prior. The 2 is the option <c>explorable</c>.
    /// Where not every width may stay, the pool is rounded up to whole steps.
    /// </remarks>
    public static BonsaiPool Create(SubLayerUnits units, double[] prior, BonsaiOptions options, ShapeRules shapes, ModelConfig config)
    {
        double share = ShareOf(units, options);
        int n = units.Count;
        int kept = (int)(n * Math.Max(0, 1 - (options.Explorable * share)));
        UnitCounts counts = shapes.Of(units.SubLayer, config.Blocks[units.Block]);
        int size = counts.RemovableFrom(n, n - kept);
        int[] members = [.. Enumerable.Range(0, n).OrderBy(i => prior[i]).ThenBy(i => i).Take(size)];
        return new BonsaiPool(units, members, prior, Math.Min((int)(share * n) + 1, size), counts);
    }

    /// <summary>Draws the units that one sub-model lacks.</summary>
    /// <param name="random">Source of randomness.</param>
    /// <returns>For each member of the pool whether it is present.</returns>
    public bool[] Draw(SeededRandom random)
    {
        bool[] present = new bool[Count];
        Array.Fill(present, true);
        foreach (int i in WeightedDraw.Draw(_drawWeights, _drawCount, random))
        {
            present[i] = false;
        }

        return present;
    }

    /// <summary>Which units of the whole sub-layer a sub-model has.</summary>
    /// <param name="present">For each member of the pool whether it is present.</param>
    public bool[] Present(ReadOnlySpan<bool> present)
    {
        bool[] all = new bool[_units.Count];
        Array.Fill(all, true);
        for (int i = 0; i < present.Length; i++)
        {
            all[_members[i]] = present[i];
        }

        return all;
    }

    /// <summary>Place of each member among the units of the sub-layer by the prior, 0 to 1, divided by the ratio of attention.</summary>
    public double[] Quantiles(BonsaiOptions options) =>
        [.. Enumerable.Range(0, Count).Select(i => (i + 0.5) / _units.Count * options.PruneFraction / ShareOf(_units, options))];

    /// <summary>Switches the units that a sub-model lacks off.</summary>
    public void Close(ReadOnlySpan<bool> present, ModelConfig config, ModelGates gates)
    {
        BlockShape shape = config.Blocks[_units.Block];
        BlockGates block = gates[_units.Block];
        int closed = 0;
        for (int i = 0; i < present.Length; i++)
        {
            if (present[i])
            {
                continue;
            }

            closed++;
            if (_units.SubLayer == SubLayer.Attention)
            {
                block.SetGroup(shape, _members[i], 0);
            }
            else
            {
                block.SetNeuron(shape, _members[i], 0);
            }
        }

        // Without any unit the sub-layer is gone, its bias too.
        if (closed == _units.Count && _units.SubLayer == SubLayer.Attention)
        {
            block.Attention = false;
        }
        else if (closed == _units.Count)
        {
            block.Mlp = false;
        }
    }

    /// <summary>The pool as removal steps, the least important first; members of equal score in the order of the prior.</summary>
    /// <param name="scores">Importance of each member.</param>
    /// <param name="group">Number that marks the sub-layer.</param>
    public IEnumerable<RemovalStep> Steps(double[] scores, int group)
    {
        int[] order = [.. Enumerable.Range(0, Count).OrderBy(i => scores[i]).ThenBy(i => i)];
        return RemovalSteps.Cut(_units, [.. order.Select(i => _members[i])], [.. order.Select(i => scores[i])], _counts, group);
    }

    private static double ShareOf(SubLayerUnits units, BonsaiOptions options) =>
        options.PruneFraction * (units.SubLayer == SubLayer.Attention ? options.MlpAttentionRatio : 1);
}
