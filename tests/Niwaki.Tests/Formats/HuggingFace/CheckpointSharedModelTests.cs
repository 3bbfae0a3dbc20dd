using Niwaki.Formats.HuggingFace;
using Niwaki.Tensors;

namespace Niwaki.Tests.Formats.HuggingFace;

public sealed class CheckpointSharedModelTests
{
    [Theory]
    [InlineData("novels-4m", ElementType.BF16)]
    [InlineData("stories260K", ElementType.F32)]
    [InlineData("tiny1m", ElementType.F32)]
    public void Open_TrainedModel_ViewsFitItsConfig(string model, ElementType elementType)
    {
        using var checkpoint = Checkpoint.Open(RepositoryFiles.SharedOrSkip("models", model));
        int hidden = checkpoint.Config.GetInt32("hidden_size", 1, 1 << 20);
        int intermediate = checkpoint.Config.GetInt32("intermediate_size", 1, 1 << 20);

        WeightView up = checkpoint.Matrix("model.layers.0.mlp.up_proj.weight", intermediate, hidden);
        WeightView norm = checkpoint.Vector("model.norm.weight", hidden);

        Assert.Equal(elementType, up.ElementType);
        Assert.Equal((1, hidden), (norm.Rows, norm.Columns));
        Assert.Equal(checkpoint.Config.GetBoolean("tie_word_embeddings"), !checkpoint.Contains("lm_head.weight"));
        Assert.Contains("generation_config.json", checkpoint.SideFiles);
    }
}
