using System.Numerics;
using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>The numbers of prunable parameters next to a target that can be removed exactly under some shape rules.</summary>
/// <param name="Below">Largest number up to the target; 0 where nothing smaller can go.</param>
/// <param name="Above">Smallest number from the target on; null: even <paramref name="Most"/> is less.</param>
/// <param name="Most">Largest number there is.</param>
/// <param name="Prunable">Prunable parameters of the model.</param>
public sealed record LegalTargets(long Below, long? Above, long Most, long Prunable)
{
    /// <summary>Share of the prunable parameters.</summary>
    /// <param name="parameters">Prunable parameters that go.</param>
    public double Share(long parameters) => Prunable == 0 ? 0 : (double)parameters / Prunable;

    /// <summary>Finds them.</summary>
    /// <remarks>
    /// Every sub-layer (with equal blocks: all of a kind, in profile depth: every block) can lose one of a few numbers of parameters. The sums of one number from
    /// each are kept as the bits of an integer, in units of the greatest common divisor of all numbers: exact, for any mixture of shapes.
    /// </remarks>
    /// <param name="source">The model.</param>
    /// <param name="rules">What may go.</param>
    /// <param name="sparsity">Share of the prunable parameters, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sparsity is no number from 0 to 1.</exception>
    public static LegalTargets Near(ModelConfig source, ShapeRules rules, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(rules);
        long target = PlanTarget.PrunableToRemove(source, sparsity);
        List<long[]> slots = [.. Slots(source, rules).Where(slot => slot.Length > 0)];
        long unit = slots.SelectMany(slot => slot).Aggregate(0L, GreatestCommonDivisor);
        long prunable = ParameterCounter.Count(source).Prunable;
        if (unit == 0)
        {
            return new LegalTargets(0, target == 0 ? 0 : null, 0, prunable);
        }

        BigInteger sums = BigInteger.One;
        foreach (IGrouping<string, long[]> equal in slots.GroupBy(slot => string.Join(',', slot)))
        {
            sums = Add(sums, [.. equal.First().Select(amount => checked((int)(amount / unit)))], equal.Count());
        }

        byte[] bits = sums.ToByteArray(isUnsigned: true);
        long most = Last(bits, (bits.Length * 8L) - 1);
        long below = Last(bits, target / unit);
        long above = First(bits, (target + unit - 1) / unit);
        return new LegalTargets(below * unit, above < 0 ? null : above * unit, most * unit, prunable);
    }

    /// <summary>For everything that shrinks by itself the parameters that can go, ascending, without 0.</summary>
    private static IEnumerable<long[]> Slots(ModelConfig source, ShapeRules rules)
    {
        if (rules.Profile is { CutsWidth: false })
        {
            return source.Blocks.Select((_, block) => (long[])[ParameterCounter.PrunableOf(source, new Unit(UnitKind.Block, block, 0))]);
        }

        // Blocks that stay equal lose the same units: one slot for all of them.
        int copies = rules.EqualBlocks ? source.Blocks.Count : 1;
        return source.Blocks.Take(rules.EqualBlocks ? 1 : source.Blocks.Count).SelectMany((shape, block) => (long[][])
        [
            shape.HasAttention ? Amounts(rules.Of(SubLayer.Attention, shape), shape.KeyValueHeads, copies * ParameterCounter.PrunableOf(source, new Unit(UnitKind.KeyValueGroup, block, 0))) : [],
            shape.HasMlp ? Amounts(rules.Of(SubLayer.Mlp, shape), shape.Neurons, copies * ParameterCounter.PrunableOf(source, new Unit(UnitKind.Neuron, block, 0))) : [],
        ]);
    }

    private static long[] Amounts(UnitCounts counts, int units, long parametersOfUnit) => [.. counts.AllBelow(units).Select(left => (units - left) * parametersOfUnit)];

    /// <summary>The sums with nothing or one of the amounts added, some times over.</summary>
    private static BigInteger Add(BigInteger sums, int[] amounts, int times)
    {
        int step = amounts[0];
        if (amounts.Select((amount, i) => amount == (long)step * (i + 1)).All(holds => holds))
        {
            // Multiples of a step, some times over, are multiples up to a larger one; doubling reaches it in logarithmic time.
            long most = (long)amounts.Length * times;
            for (long covered = 0; covered < most;)
            {
                long next = Math.Min(covered + 1, most - covered);
                sums |= sums << checked((int)(next * step));
                covered += next;
            }

            return sums;
        }

        for (int time = 0; time < times; time++)
        {
            sums = amounts.Aggregate(sums, (all, amount) => all | (sums << amount));
        }

        return sums;
    }

    private static long Last(byte[] bits, long from)
    {
        long i = Math.Min(from, (bits.Length * 8L) - 1);
        while (i > 0 && !IsSet(bits, i))
        {
            i--;
        }

        return i;
    }

    private static long First(byte[] bits, long from)
    {
        for (long i = from; i < bits.Length * 8L; i++)
        {
            if (IsSet(bits, i))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsSet(byte[] bits, long i) => (bits[i / 8] & (1 << (int)(i % 8))) != 0;

    private static long GreatestCommonDivisor(long a, long b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
