using Niwaki.Datasets;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Pruning.Decisions;
using Niwaki.Pruning.Methods;
using Niwaki.Runs;
using Niwaki.Tensors;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning.Methods;

public sealed class DepthMethodTests
{
    private static readonly BlockShape Shape = new(4, 2, 12);
    private static readonly RandomCheckpointSpec Eight = new() { Blocks = [.. Enumerable.Repeat(Shape, 8)] };

    /// <summary>Removed first, LLaMA-1-7B by perplexity, as published.</summary>
    private const string PublishedOrder = "24,26,25,10,27,13,22,14,9,29,12,15,8,21,7,28,6,16,18,23,5,20,11,19,17,3,4,30,1,31,2,0\n";

    [Fact]
    public void Decide_OneShot_RemovesTheBlocksWithTheLowestLossWithoutThem()
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Blocks = 3 }));
        int[] expected = [.. Enumerable.Range(0, 8).OrderBy(block => fixture.LossWithout(Block(block))).Take(3).Order()];
        PruningContext context = fixture.Context();

        ModelSelection selection = new DepthMethod().Decide(context);

        Assert.Equal(Enumerable.Range(0, 8).Except(expected), selection.KeptBlocks);
        string[] order = context.Files["block_order.csv"].TrimEnd().Split(',');
        Assert.Equal(8, order.Length);
        Assert.Equal(expected, order.Take(3).Select(int.Parse).Order());
        string[] sorted = context.Files["all_ppl_sorted.csv"].TrimEnd().Split('\n');
        Assert.Equal("removed_block,ppl_calibration,num_calib_data,params", sorted[0]);
        Assert.Equal(order, sorted[1..].Select(line => line.Split(',')[0]));

        // Of 8 · 864 + 2 · 384 + 16 parameters one block of 864 = 288 attention + 576 MLP matrices and 32 norms is gone.
        long total = ParameterCounter.Count(fixture.Config).Total;
        Assert.Equal($"3,{total - ((total - (2 * 24 * 16) - 16) / 8)}", string.Join(',', sorted[1].Split(',')[2..]));
        Assert.Equal(9, context.Files["all_ppl_unsorted.csv"].TrimEnd().Split('\n').Length);
    }

    [Theory]
    [InlineData(DepthSearch.Greedy, DepthUnit.Block, DepthCriterion.Loss)]
    [InlineData(DepthSearch.Swaps, DepthUnit.Block, DepthCriterion.Loss)]
    [InlineData(DepthSearch.Swaps, DepthUnit.Sublayer, DepthCriterion.Kl)]
    public void Decide_Search_KeepsThePathAndReachesTheTarget(DepthSearch search, DepthUnit units, DepthCriterion criterion)
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Search = search, Units = units, Criterion = criterion, FullPath = true }) with { Sparsity = 0.3 });
        PruningContext context = fixture.Context();

        ModelSelection selection = new DepthMethod().Decide(context);

        long prunable = ParameterCounter.Count(fixture.Config).Prunable;
        long left = ParameterCounter.Count(fixture.Config.Select(selection)).Prunable;
        Assert.InRange((double)(prunable - left) / prunable, 0.3, 0.3 + (1.0 / 8));
        string[][] path = [.. context.Files["depth_path.csv"].TrimEnd().Split('\n')[1..].Select(line => line.Split(','))];
        string[][] greedy = [.. path.Where(line => line[1] == "greedy")];
        int all = units == DepthUnit.Block ? 8 : 16;
        Assert.Equal(Enumerable.Range(1, all - 1), greedy.Select(line => int.Parse(line[0])));
        Assert.All(greedy, line => Assert.Equal(int.Parse(line[0]), line[3].Split(' ').Length));
        Assert.Equal(search == DepthSearch.Swaps, path.Any(line => line[1] == "swaps"));
        Assert.Equal(all - 1, context.Files["block_order.csv"].Split(',').Length);
        Assert.Equal(units == DepthUnit.Block, context.Files.ContainsKey("mergekit.yaml"));
    }

    // The plan of a search, read back as an order, gives the same plan without a single pass.
    [Fact]
    public void Decide_OrderOfAnEarlierRun_SamePlan()
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Search = DepthSearch.Swaps, Blocks = 3 }));
        PruningContext context = fixture.Context();
        ModelSelection expected = new DepthMethod().Decide(context);
        File.WriteAllText(fixture.PathOf("order.csv"), context.Files["block_order.csv"]);
        using var second = new ContextFixture(Eight, Depth(new DepthOptions { Order = fixture.PathOf("order.csv"), Blocks = 3 }));
        PruningContext again = second.Context();

        Assert.Equal(expected.KeptBlocks, new DepthMethod().Decide(again).KeptBlocks);
        Assert.Equal(0, again.ForwardTokens);
    }

    [Theory]
    [InlineData(6, null, "10 13 24 25 26 27")]
    [InlineData(6, true, "10 13 24 25 26 27")]
    [InlineData(26, true, "4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29")]
    public void Decide_PublishedOrder_RemovesThePublishedBlocks(int count, bool? plus, string expected)
    {
        var spec = new RandomCheckpointSpec { Blocks = [.. Enumerable.Repeat(Shape, 32)] };
        using var fixture = new ContextFixture(spec);
        File.WriteAllText(fixture.PathOf("block_order.csv"), PublishedOrder);
        fixture.Recipe = Depth(new DepthOptions { Order = fixture.PathOf("block_order.csv"), Blocks = count, Plus = plus });
        PruningContext context = fixture.Context();

        ModelSelection selection = new DepthMethod().Decide(context);

        Assert.Equal(expected.Split(' ').Select(int.Parse), Enumerable.Range(0, 32).Except(selection.KeptBlocks));
        Assert.Equal(0, context.ForwardTokens);
    }

    [Theory]
    [InlineData("1,2,x", "'x' as entry 3", "the number of a block")]
    [InlineData("1,2,8", "'8' as entry 3", "8 blocks")]
    [InlineData("1 2 1", "'1' as entry 3", "once")]
    [InlineData("1 2a", "'2a' as entry 2", "the number of a block")]
    [InlineData("1,-2", "'-2' as entry 2", "the number of a block")]
    public void Decide_BrokenOrder_SaysWhere(string text, string found, string expected)
    {
        using var fixture = new ContextFixture(Eight);
        File.WriteAllText(fixture.PathOf("order.csv"), text);
        fixture.Recipe = Depth(new DepthOptions { Order = fixture.PathOf("order.csv"), Blocks = 1 });

        string message = Assert.Throws<DatasetException>(() => new DepthMethod().Decide(fixture.Context())).Message;

        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    // The "+" rule leaves blocks 4 and 5 of 8.
    [Theory]
    [InlineData(DepthCriterion.Magnitude, null, "4 5")]
    [InlineData(DepthCriterion.Loss, true, "4 5")]
    [InlineData(DepthCriterion.Last, false, "6 7")]
    [InlineData(DepthCriterion.Last, null, "6 7")]
    public void Decide_PlusRule_ByDefaultWithMagnitude(DepthCriterion criterion, bool? plus, string expected)
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Criterion = criterion, Plus = plus, Blocks = 2 }));

        ModelSelection selection = new DepthMethod().Decide(fixture.Context());

        Assert.Equal(expected.Split(' ').Select(int.Parse), Enumerable.Range(0, 8).Except(selection.KeptBlocks));
    }

    [Fact]
    public void Decide_MoreThanMayGo_SaysHowMany()
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Plus = true, Blocks = 3 }));
        Assert.Contains("3 blocks or sub-layers are to go, expected at most the 2", Assert.Throws<PruningException>(() => new DepthMethod().Decide(fixture.Context())).Message, StringComparison.Ordinal);

        fixture.Recipe = Depth(new DepthOptions { Plus = true }) with { Sparsity = 0.5 };
        Assert.Contains("sparsity of 0.5", Assert.Throws<PruningException>(() => new DepthMethod().Decide(fixture.Context())).Message, StringComparison.Ordinal);

        using var small = new ContextFixture(new RandomCheckpointSpec(), Depth(new DepthOptions { Plus = true }));
        Assert.Contains("none of which may go", Assert.Throws<PruningException>(() => new DepthMethod().Decide(small.Context())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ElementType.F32, "float32")]
    [InlineData(ElementType.F16, "float16")]
    [InlineData(ElementType.BF16, "bfloat16")]
    public void Decide_Blocks_WritesSlicesForMergekit(ElementType type, string name)
    {
        using var fixture = new ContextFixture(Eight with { ElementType = type });
        File.WriteAllText(fixture.PathOf("order.csv"), "0,3,4,7");
        fixture.Recipe = Depth(new DepthOptions { Order = fixture.PathOf("order.csv"), Blocks = 4 });
        PruningContext context = fixture.Context();

        new DepthMethod().Decide(context);

        string yaml = context.Files["mergekit.yaml"];
        Assert.Contains("layer_range: [1, 3]", yaml, StringComparison.Ordinal);
        Assert.Contains("layer_range: [5, 7]", yaml, StringComparison.Ordinal);
        Assert.Equal(2, yaml.Split("layer_range").Length - 1);
        Assert.Contains($"merge_method: passthrough\ndtype: {name}\n", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_Random_DependsOnTheSeedAlone()
    {
        using var fixture = new ContextFixture(Eight, Depth(new DepthOptions { Criterion = DepthCriterion.Random, Blocks = 4 }));
        IReadOnlyList<int>[] kept = [.. Enumerable.Range(0, 6).Select(seed =>
        {
            fixture.Recipe = fixture.Recipe with { Seed = seed / 2 };
            return new DepthMethod().Decide(fixture.Context()).KeptBlocks;
        })];

        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(kept[2 * i], kept[(2 * i) + 1]));
        Assert.True(kept.Select(blocks => string.Join(' ', blocks)).Distinct().Count() > 1);
    }

    private static Unit Block(int block) => new(UnitKind.Block, block, 0);

    private static Recipe Depth(DepthOptions options) => new() { Method = PruningMethod.Depth, Depth = options };
}
