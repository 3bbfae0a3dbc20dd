using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Cli.Commands;

public sealed class ExportComparisonTests
{
    private static readonly RandomCheckpointSpec Spec = SmallModel.Spec with { HiddenSize = 32, Blocks = [new BlockShape(4, 4, 96), new BlockShape(2, 2, 64), new BlockShape(4, 2, 0)] };

    [Theory]
    [InlineData("F32", 0, 1e-5)]
    [InlineData("F16", 1e-6, 0.01)]
    [InlineData("Q8_0", 1e-4, 0.2)]
    public void Export_Gguf_IsComparedWithTheModel(string type, double least, double most)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Spec);

        JsonElement json = CommandRunner.Run("export", model, "--type", type, "--out", folder["m.gguf"], "--json").Json;

        Assert.Equal(256, json.GetProperty("tokensCompared").GetInt32());
        Assert.InRange(json.GetProperty("largestRelative").GetDouble(), least, most);
    }

    // GGUF in, Hugging Face folder out: the same model.
    [Fact]
    public void Export_GgufToFolder_SameModel()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Spec);
        Assert.Equal(0, CommandRunner.Run("export", model, "--out", folder["m.gguf"], "--json").ExitCode);

        JsonElement json = CommandRunner.Run("export", folder["m.gguf"], "--format", "hf", "--profile", "padded", "--out", folder["out"], "--json").Json;

        Assert.Equal("llama", json.GetProperty("modelType").GetString());
        JsonElement same = CommandRunner.Run("verify", model, folder["out"], "--json").Json;
        Assert.True(same.GetProperty("same").GetBoolean());
    }

    // Blocks that differ, filled up: a plain llama with the same logits, read back with equal blocks.
    [Fact]
    public void Export_GgufPadded_EqualBlocksAndTheSameLogits()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Spec with { Blocks = [new BlockShape(2, 1, 32), new BlockShape(0, 0, 9), new BlockShape(4, 2, 0)] });
        JsonElement json = CommandRunner.Run("export", model, "--profile", "padded", "--pad-to", "widest", "--type", "F32", "--out", folder["m.gguf"], "--json").Json;
        Assert.Equal("llama", json.GetProperty("architecture").GetString());
        Assert.InRange(json.GetProperty("largestRelative").GetDouble(), 0, 1e-5);
        JsonElement[] blocks = [.. CommandRunner.Run("inspect", folder["m.gguf"], "--json").Json.GetProperty("blocks").EnumerateArray()];
        Assert.All(blocks, block => Assert.Equal((4, 32), (block.GetProperty("heads").GetInt32(), block.GetProperty("neurons").GetInt32())));
    }
}
