using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public sealed class ProfileRuleTests
{
    [Fact]
    public void All_EveryProfile_HasOneRuleOfItsName()
    {
        Assert.Equal(Enum.GetValues<ShapeProfile>(), ProfileRule.All.Select(rule => rule.Profile));
        Assert.All(ProfileRule.All, rule => Assert.Same(rule, ProfileRule.Of(rule.Profile)));
        Assert.Equal(ProfileRule.All.Count, ProfileRule.All.Select(rule => rule.Name).Distinct().Count());
    }

    [Theory]
    [InlineData(ShapeProfile.HeteroGguf, "qwen3", false, false, "output head of its own")]
    [InlineData(ShapeProfile.HeteroGguf, "qwen3", true, true, "biases of attention")]
    [InlineData(ShapeProfile.HeteroGguf, "qwen3", true, false, null)]
    [InlineData(ShapeProfile.HeteroGguf, "qwen2", false, false, null)]
    [InlineData(ShapeProfile.NemotronNas, "qwen3", true, false, "no such norms")]
    [InlineData(ShapeProfile.NemotronNas, "qwen2", true, false, null)]
    [InlineData(ShapeProfile.Padded, "qwen3", false, true, null)]
    [InlineData(ShapeProfile.Uniform, "llama", false, true, null)]
    public void FaultOf_Family_TellsWhyNot(ShapeProfile profile, string modelType, bool tied, bool biases, string? reason)
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec { ModelType = modelType, TiedEmbeddings = tied, AttentionBias = biases });
        string? fault = ProfileRule.Of(profile).FaultOf(config);
        Assert.Equal(reason is null, fault is null);
        Assert.Contains(reason ?? "", fault ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void FaultOf_BlocksDiffer_OnlyEqualBlocksRefuse()
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec { Blocks = [new BlockShape(4, 2, 12), new BlockShape(4, 2, 11)] });
        Assert.Equal(
            [ShapeProfile.Depth, ShapeProfile.Uniform],
            ProfileRule.All.Where(rule => rule.FaultOf(config) is not null).Select(rule => rule.Profile));
    }

    [Fact]
    public void FaultOf_SlidingWindows_NemotronNasRefuses()
    {
        ModelConfig config = RandomCheckpoint.Config(new RandomCheckpointSpec { ModelType = "mistral", ExtraConfig = """{"sliding_window": 8}""" });
        Assert.Contains("sliding windows", ProfileRule.Of(ShapeProfile.NemotronNas).FaultOf(config), StringComparison.Ordinal);
    }
}
