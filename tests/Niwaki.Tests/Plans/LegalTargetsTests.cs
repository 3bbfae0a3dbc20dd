using Niwaki.Models;
using Niwaki.Numerics;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public sealed class LegalTargetsTests
{
    // Hidden size 16, head size 4: a KV group of 2 query heads holds (2 · 2 + 2) · 4 · 16 = 384 parameters, a neuron 48; two blocks of 2 groups and
    // 12 neurons: 2 · (768 + 576) = 2,688.
    private static readonly ModelConfig Small = RandomCheckpoint.Config(new RandomCheckpointSpec());

    [Theory]
    [InlineData(ShapeProfile.Depth, 0.3, 0, 1344, 2688)]
    [InlineData(ShapeProfile.Depth, 0.5, 1344, 1344, 2688)]

    // 806.4 of 2,688: in equal blocks a group costs 768, a neuron 96; 768 + 96 = 864. One group and one neuron stay of each block.
    [InlineData(ShapeProfile.Uniform, 0.3, 768, 864, 768 + (11 * 96))]
    [InlineData(ShapeProfile.Uniform, 0.9, 768 + (11 * 96), -1, 768 + (11 * 96))]

    // Every multiple of 48, so of 807 parameters 816 can go.
    [InlineData(ShapeProfile.HeteroHf, 0.3, 768, 816, 2688)]

    // No multiple of 256 neurons but none at all: an MLP goes whole, 576. Of 807 parameters: 768 (2 groups) and 960 (a group, an MLP).
    [InlineData(ShapeProfile.NemotronNas, 0.3, 768, 960, 2688)]
    public void Near_SmallModel_SumsByHand(ShapeProfile profile, double sparsity, long below, long above, long most)
    {
        LegalTargets near = LegalTargets.Near(Small, new ShapeRules(Small, profile), sparsity);
        Assert.Equal((below, above < 0 ? null : above, most, 2688L), (near.Below, near.Above, near.Most, near.Prunable));
    }

    [Fact]
    public void Near_RandomShapesAndRules_EqualsAllCombinations()
    {
        var random = new SeededRandom(3);
        for (int i = 0; i < 60; i++)
        {
            int kv = 1 + random.NextInt(4), ratio = 1 + random.NextInt(2);
            ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec
            {
                Blocks = [.. Enumerable.Range(0, 1 + random.NextInt(3)).Select(_ => new BlockShape(kv * ratio, kv, 250 + random.NextInt(30)))],
            });
            ShapeProfile? profile = random.NextInt(3) switch { 0 => null, 1 => ShapeProfile.NemotronNas, _ => ShapeProfile.HeteroHf };
            var rules = new ShapeRules(config, profile, (int[])[32, 64, 128] is var sizes ? sizes[random.NextInt(3)] : 1);
            double sparsity = random.NextDouble();
            long target = PlanTarget.PrunableToRemove(config, sparsity);
            long[] all = [.. Sums(config, rules)];

            LegalTargets near = LegalTargets.Near(config, rules, sparsity);

            Assert.Equal(all.Where(sum => sum <= target).Max(), near.Below);
            Assert.Equal(all.Where(sum => sum >= target).Select(sum => (long?)sum).DefaultIfEmpty(null).Min(), near.Above);
            Assert.Equal(all.Max(), near.Most);
        }
    }

    [Fact]
    public void Near_ModelOfSeventyBillion_TakesAMoment()
    {
        ModelConfig large = Small with
        {
            HiddenSize = 8192,
            HeadDim = 128,
            Blocks = [.. Enumerable.Repeat(new BlockShape(64, 8, 28672), 80)],
            SlidingWindows = new int?[80],
        };
        foreach (ShapeProfile profile in Enum.GetValues<ShapeProfile>())
        {
            LegalTargets near = LegalTargets.Near(large, new ShapeRules(large, profile), 0.25);
            Assert.InRange(near.Share(near.Below), 0.2, 0.25);
            Assert.InRange(near.Share(near.Above!.Value), 0.25, 0.3);
        }
    }

    private static HashSet<long> Sums(ModelConfig config, ShapeRules rules)
    {
        HashSet<long> sums = [0];
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            sums = Add(sums, rules.Of(SubLayer.Attention, shape), shape.KeyValueHeads, ParameterCounter.PrunableOf(config, new Niwaki.Plans.Unit(UnitKind.KeyValueGroup, block, 0)));
            sums = Add(sums, rules.Of(SubLayer.Mlp, shape), shape.Neurons, ParameterCounter.PrunableOf(config, new Niwaki.Plans.Unit(UnitKind.Neuron, block, 0)));
        }

        return sums;
    }

    private static HashSet<long> Add(HashSet<long> sums, UnitCounts counts, int units, long parameters) =>
        [.. sums, .. Enumerable.Range(0, units).Where(counts.Allows).SelectMany(left => sums.Select(sum => sum + ((units - left) * parameters)))];
}
