using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Models;

public class RandomCheckpointTests
{
    // Tensors of one block, by hand: 2 norms and 7 matrices; qwen2 adds 3 biases, qwen3 adds 2 norms of heads.
    [Theory]
    [InlineData("llama", false, 9)]
    [InlineData("llama", true, 16)]
    [InlineData("mistral", false, 9)]
    [InlineData("qwen2", false, 12)]
    [InlineData("qwen3", false, 11)]
    public void Write_EveryArchitecture_OpensWithItsTensors(string modelType, bool biases, int tensorsPerBlock)
    {
        using var folder = new TemporaryFolder();
        var spec = new RandomCheckpointSpec { ModelType = modelType, AttentionBias = biases, MlpBias = biases, TiedEmbeddings = true };

        using Checkpoint checkpoint = Checkpoint.Open(RandomCheckpoint.Write(folder["model"], spec));

        // Embedding table and last norm; the output head is tied.
        Assert.Equal((2 * tensorsPerBlock) + 2, checkpoint.Tensors.Count);
        Assert.Equal(modelType, checkpoint.Config.GetString("model_type"));
        Assert.Equal(spec.Blocks, ModelConfigReader.Read(checkpoint).Blocks);
    }

    [Fact]
    public void Write_BlocksThatDiffer_WritesNiwakiConfig()
    {
        using var folder = new TemporaryFolder();
        var spec = new RandomCheckpointSpec { Blocks = [new BlockShape(4, 2, 12), new BlockShape(2, 1, 0), new BlockShape(0, 0, 5)] };

        using Checkpoint checkpoint = Checkpoint.Open(RandomCheckpoint.Write(folder["model"], spec));

        Assert.Equal("niwaki", checkpoint.Config.GetString("model_type"));
        Assert.Equal(spec.Blocks, ModelConfigReader.Read(checkpoint).Blocks);
        Assert.False(checkpoint.Contains("model.layers.1.mlp.up_proj.weight"));
        Assert.False(checkpoint.Contains("model.layers.2.input_layernorm.weight"));
    }

    [Fact]
    public void Write_SameSeed_SameBytesWhateverTheShards()
    {
        using var folder = new TemporaryFolder();
        var spec = new RandomCheckpointSpec { ElementType = ElementType.BF16 };

        using Checkpoint one = Checkpoint.Open(RandomCheckpoint.Write(folder["one"], spec, 7));
        using Checkpoint sharded = Checkpoint.Open(RandomCheckpoint.Write(folder["sharded"], spec with { MaxShardBytes = 1000 }, 7));
        using Checkpoint other = Checkpoint.Open(RandomCheckpoint.Write(folder["other"], spec, 8));

        Assert.True(File.Exists(Path.Combine(folder["sharded"], "model.safetensors.index.json")));
        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Equal(one.ContentHash(token), sharded.ContentHash(token));
        Assert.NotEqual(one.ContentHash(token), other.ContentHash(token));
    }

    [Fact]
    public unsafe void Write_Coded_EveryElementTellsItsPlace()
    {
        using var folder = new TemporaryFolder();
        var spec = new RandomCheckpointSpec { Coded = true };
        const string Name = "model.layers.1.self_attn.k_proj.weight";

        using Checkpoint checkpoint = Checkpoint.Open(RandomCheckpoint.Write(folder["model"], spec));

        // 2 key and value heads of 4 channels, hidden size 16.
        WeightView view = checkpoint.Matrix(Name, 8, 16);
        Assert.Equal(RandomCheckpoint.CodedBits(Name, 3, 5), ((uint*)view.RowPointer(3))[5]);
    }

    // 1 + 2^-8 lies halfway between the BF16 numbers 1 and 1 + 2^-7: to even is down. As F16 it is exact, 0x3C04.
    [Theory]
    [InlineData(ElementType.F32, 0x3F808000u)]
    [InlineData(ElementType.F16, 0x3C04u)]
    [InlineData(ElementType.BF16, 0x3F80u)]
    public void Encode_NumberBetweenTwo_RoundsToEven(ElementType type, uint expected) =>
        Assert.Equal(expected, RandomCheckpoint.Encode(1 + (1f / 256), type));
}
