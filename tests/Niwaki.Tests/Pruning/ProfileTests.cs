using Niwaki.Models;
using Niwaki.Tests.Cli;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Pruning;

public sealed class ProfileTests
{
    private static readonly RandomCheckpointSpec Wide = SmallModel.Spec with { Blocks = [.. Enumerable.Repeat(new BlockShape(8, 4, 512), 3)] };

    [Theory]
    [InlineData("bonsai")]
    [InlineData("niwaki")]
    [InlineData("magnitude")]
    [InlineData("random")]
    [InlineData("depth+width")]
    public void Prune_Uniform_EqualBlocks(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide);

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", method, "--profile", "uniform", "--sparsity", "0.5", "--json");

        Assert.True(result.Json.GetProperty("sparsity").GetDouble() >= 0.5);
        BlockShape[] blocks = Blocks(folder["run"]);
        Assert.True(blocks[0] is { HasAttention: true, HasMlp: true, HeadsPerGroup: 2 });
        Assert.All(blocks, block => Assert.Equal(blocks[0], block));

        // 16 wide: transformers 5 refuses a Llama of 6 heads, and takes a Mistral of them.
        string type = 16 % blocks[0].Heads == 0 ? "llama" : "mistral";
        Assert.Contains($"\"model_type\": \"{type}\"", File.ReadAllText(folder["run/model/config.json"]), StringComparison.Ordinal);
    }

    // The most that can go: one KV group and 32 neurons stay everywhere.
    [Theory]
    [InlineData("bonsai")]
    [InlineData("niwaki")]
    [InlineData("magnitude")]
    public void Prune_UniformToTheLastUnit_KeepsOneOfEach(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide);
        string most = CommandRunner.Run("inspect", model, "--profile", "uniform", "--round-to", "32", "--sparsity", "0.9", "--json")
            .Json.GetProperty("profile").GetProperty("target").GetProperty("most").GetRawText();

        CommandRunner.Prune(model, folder["run"], "--method", method, "--profile", "uniform", "--round-to", "32", "--sparsity", most, "--json");

        Assert.All(Blocks(folder["run"]), block => Assert.Equal(new BlockShape(4, 2, 32), block));
    }

    // Two query heads for a KV head, 8 query heads: 4, 2, 1 or no KV heads; 512, 256 or no neurons.
    [Theory]
    [InlineData("bonsai")]
    [InlineData("niwaki")]
    [InlineData("random")]
    public void Prune_NemotronNas_KvHeadsDivideAndNeuronsAreMultiples(string method)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide);

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", method, "--profile", "nemotron-nas", "--sparsity", "0.4");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("not possible exactly with profile nemotron-nas", result.Error, StringComparison.Ordinal);
        Assert.All(Blocks(folder["run"]), block => Assert.True(block is { KeyValueHeads: 4 or 2 or 1 or 0, Neurons: 512 or 256 or 0 }, block.ToString()));
    }

    [Fact]
    public void Prune_Depth_WholeBlocks()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide);

        CommandResult result = CommandRunner.Prune(model, folder["run"], "--method", "depth", "--profile", "depth", "--sparsity", "0.5");

        Assert.Contains("nearest are 0.3333 and 0.6667", result.Error, StringComparison.Ordinal);
        Assert.Equal([new BlockShape(8, 4, 512)], Blocks(folder["run"]));
    }

    // Of 2,048 + 49,152 parameters of a block: 4 groups of 8 channels are no multiple of 256 and stay, 768 of 1,024 neurons of 48 parameters can go.
    [Theory]
    [InlineData(2, "expected method depth, but it is bonsai", "--profile", "depth")]
    [InlineData(2, "'depth.units' is sublayer, expected block with profile uniform", "--method", "depth", "--units", "sublayer", "--profile", "uniform")]
    [InlineData(2, "Profile is 'deci', expected one of depth, uniform", "--profile", "deci")]
    [InlineData(1, "expected at most 0.7200 with profile uniform", "--profile", "uniform", "--sparsity", "0.9", "--round-to", "256")]
    public void Prune_ProfileThatCannotBe_SaysWhyAndLeavesNothing(int code, string reason, params string[] options)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide with { Blocks = [.. Enumerable.Repeat(new BlockShape(4, 4, 1024), 2)] });

        CommandRunner.Prune(model, folder["run"], [.. options, "--json"]).AssertFails(code, reason);

        Assert.False(Path.Exists(folder["run"]));
    }

    [Fact]
    public void Prune_UntiedQwen3ForGguf_Refused()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Wide with { ModelType = "qwen3", TiedEmbeddings = false });
        CommandRunner.Prune(model, folder["run"], "--profile", "hetero-gguf", "--json").AssertFails(1, "output head of its own", "uniform or padded");
    }

    private static BlockShape[] Blocks(string run)
    {
        using var checkpoint = Niwaki.Formats.HuggingFace.Checkpoint.Open(run);
        return [.. ModelConfigReader.Read(checkpoint).Blocks];
    }
}
