using System.Globalization;
using System.Text;
using Niwaki.Formats;
using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Plans;

public class PruningPlanTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    // Two blocks of 4 query heads in 2 groups and 12 neurons.
    private static readonly ModelConfig Source = RandomCheckpoint.Config(new RandomCheckpointSpec());

    private static PruningPlan Plan => new()
    {
        Method = "bonsai",
        Sparsity = 0.5,
        Seed = long.MinValue,
        SourceName = "Örnek \"7B\"",
        SourceStructureHash = Hash,
        SourceContentHash = new string('f', 64),
        Recipe = "method: bonsai\nsparsity: 0.5\n",
        Selection = new ModelSelection(
            Source,
            [new BlockSelection([2, 3], [1], [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]), BlockSelection.All(Source.Blocks[1])]),
    };

    [Fact]
    public void Read_PlanJustWritten_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        Plan.Write(folder["plan.json"]);

        PruningPlan read = PruningPlan.Read(folder["plan.json"], Source, Hash);

        Assert.Equal(Plan with { Selection = read.Selection }, read);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Plan.Selection.Blocks[i].Heads, read.Selection.Blocks[i].Heads);
            Assert.Equal(Plan.Selection.Blocks[i].KeyValueHeads, read.Selection.Blocks[i].KeyValueHeads);
            Assert.Equal(Plan.Selection.Blocks[i].Neurons, read.Selection.Blocks[i].Neurons);
        }
    }

    [Fact]
    public void Read_Biases_AreTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var biases = new OutputBiases(Source);
        biases.Set(1, SubLayer.Mlp, [.. Enumerable.Range(0, Source.HiddenSize).Select(i => 1 / (i + 3f))]);
        (Plan with { Biases = biases }).Write(folder["plan.json"]);

        OutputBiases? read = PruningPlan.Read(folder["plan.json"], Source, Hash).Biases;

        Assert.Equal(biases.Find(1, SubLayer.Mlp), read!.Find(1, SubLayer.Mlp));
        Assert.Null(read.Find(1, SubLayer.Attention));
        Assert.Null(read.Find(0, SubLayer.Mlp));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("7")]
    [InlineData("[1e99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]")]
    [InlineData("[\"a\", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]")]
    public void Read_BiasThatIsNone_Throws(string bias)
    {
        using var folder = new TemporaryFolder();
        Plan.Write(folder["plan.json"]);
        string text = File.ReadAllText(folder["plan.json"]);
        File.WriteAllText(folder["plan.json"], text.Replace("[0, 11]]}", $"[0, 11]], \"down_bias\": {bias}}}", StringComparison.Ordinal));

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => PruningPlan.Read(folder["plan.json"], Source, Hash));

        Assert.Contains("down_bias", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RemovedBlockAndNoOptionalFields_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        PruningPlan plan = Plan with
        {
            SourceContentHash = null,
            Recipe = null,
            Selection = new ModelSelection(Source, [new BlockSelection([], [], []), BlockSelection.All(Source.Blocks[1])]),
        };
        plan.Write(folder["plan.json"]);

        PruningPlan read = PruningPlan.Read(folder["plan.json"], Source, Hash);

        Assert.Null(read.SourceContentHash);
        Assert.Null(read.Recipe);
        Assert.Equal([1], read.Selection.KeptBlocks);
    }

    [Fact]
    public void Write_SamePlan_SameReadableBytes()
    {
        using var folder = new TemporaryFolder();
        Plan.Write(folder["one.json"]);
        Plan.Write(folder["two.json"]);

        string text = File.ReadAllText(folder["one.json"]);
        Assert.Equal(text, File.ReadAllText(folder["two.json"]));
        Assert.Contains(
            "\n" + """    {"block": 0, "heads": [[2, 3]], "key_value_heads": [[1, 1]], "neurons": [[0, 4], [6, 11]]},""" + "\n",
            text,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
    }

    [Theory]
    [InlineData("[6, 11]", "[11, 6]", "blocks[0].neurons")] // reversed
    [InlineData("[6, 11]", "[4, 11]", "blocks[0].neurons")] // overlapping
    [InlineData("[0, 4], [6, 11]", "[6, 11], [0, 4]", "blocks[0].neurons")] // descending
    [InlineData("[6, 11]", "[6, 12]", "blocks[0].neurons")] // out of range
    [InlineData("[0, 4]", "[-1, 4]", "blocks[0].neurons")]
    [InlineData("[6, 11]", "[6, 2147483647]", "blocks[0].neurons")] // huge counts
    [InlineData("[6, 11]", "[6, 99999999999999999999]", "blocks[0].neurons")]
    [InlineData("[6, 11]", "[6]", "blocks[0].neurons")]
    [InlineData("[6, 11]", "[6, 7, 11]", "blocks[0].neurons")]
    [InlineData("[6, 11]", "[6.5, 11]", "blocks[0].neurons")]
    [InlineData("[6, 11]", "11", "blocks[0].neurons")]
    [InlineData("[6, 11]", "[\"6\", 11]", "blocks[0].neurons")]
    [InlineData("\"neurons\": [[0, 4], [6, 11]]", "\"neurons\": 12", "blocks[0].neurons")]
    [InlineData("[[1, 1]]", "[[2, 2]]", "blocks[0].key_value_heads")]
    [InlineData("\"heads\": [[0, 3]]", "\"heads\": [[0, 2]]", "blocks")] // unequal heads per group
    [InlineData("\"heads\": [[2, 3]]", "\"heads\": [[0, 3]]", "blocks")] // query heads without their group
    [InlineData("\"heads\": [[2, 3]]", "\"heads\": []", "blocks")] // a group without query heads
    [InlineData("\"block\": 1", "\"block\": 0", "blocks[1].block")]
    [InlineData("\"block\": 1, ", "", "blocks[1].block")]
    [InlineData("\"block\": 1", "\"layer\": 1", "blocks[1].layer")]
    [InlineData("\"blocks\": [", "\"blocks\": [7, ", "blocks")] // too many
    [InlineData("    {\"block\": 0", "    3, {\"block\": 0", "blocks")]
    [InlineData("\"blocks\": [", "\"blocks\": 2, \"other\": [", "other")]
    [InlineData("0123456789abcdef0", "1123456789abcdef0", "source.structure_hash")] // another model
    [InlineData("\"niwaki-plan\"", "\"niwaki-mask\"", "format")]
    [InlineData("\"version\": 1", "\"version\": 1.5", "version")]
    [InlineData("\"sparsity\": 0.5", "\"sparsity\": 1.5", "sparsity")]
    [InlineData("\"sparsity\": 0.5", "\"sparsity\": \"half\"", "sparsity")]
    [InlineData("\"seed\": -9223372036854775808", "\"seed\": -9223372036854775809", "seed")]
    [InlineData("\"seed\": -9223372036854775808,", "", "seed")]
    [InlineData("\"method\": \"bonsai\"", "\"method\": null", "method")]
    [InlineData("\"method\": \"bonsai\"", "\"method\": \"bonsai\", \"method\": \"none\"", "method")] // twice
    [InlineData("\"recipe\": ", "\"recipe\": {}, \"extra\": ", "extra")]
    public void Read_BrokenPlan_ThrowsAndNamesThePlace(string good, string bad, string item)
    {
        using var folder = new TemporaryFolder();
        Plan.Write(folder["plan.json"]);
        string text = File.ReadAllText(folder["plan.json"]);
        Assert.Contains(good, text, StringComparison.Ordinal);
        int place = text.IndexOf(good, StringComparison.Ordinal);
        folder.Write("plan.json", text[..place] + bad + text[(place + good.Length)..]);

        var error = Assert.Throws<ModelFormatException>(() => PruningPlan.Read(folder["plan.json"], Source, Hash));

        Assert.Contains($"'{item}'", error.Item, StringComparison.Ordinal);
        Assert.StartsWith("plan.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NewerVersion_ThrowsUnsupported()
    {
        using var folder = new TemporaryFolder();
        folder.Write("plan.json", """{"format": "niwaki-plan", "version": 2, "units": {}}""");

        var error = Assert.Throws<UnsupportedModelException>(() => PruningPlan.Read(folder["plan.json"], Source, Hash));

        Assert.Equal("plan.json: 'version' is 2, expected 1. A newer Niwaki wrote this plan: use that one.", error.Message);
    }

    [Fact]
    public void Read_MillionsOfRanges_StopsAtTheFirstThatRepeats()
    {
        using var folder = new TemporaryFolder();
        var blocks = new StringBuilder("{\"block\": 0, \"heads\": [], \"key_value_heads\": [], \"neurons\": [[0, 0]");
        for (int i = 0; i < 500_000; i++)
        {
            blocks.Append(CultureInfo.InvariantCulture, $",[0,0]");
        }

        Plan.Write(folder["plan.json"]);
        string text = File.ReadAllText(folder["plan.json"]).Replace("{\"block\": 0", $"{blocks}]}}, {{\"block\": 0", StringComparison.Ordinal);
        folder.Write("plan.json", text);
        ModelConfig three = RandomCheckpoint.Config(new RandomCheckpointSpec { Blocks = [Source.Blocks[0], Source.Blocks[0], Source.Blocks[0]] });

        var error = Assert.Throws<ModelFormatException>(() => PruningPlan.Read(folder["plan.json"], three, Hash));

        Assert.Equal("'blocks[0].neurons'", error.Item);
    }

    [Fact]
    public void Sparsity_NoShare_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Plan with { Sparsity = 50 });
}
