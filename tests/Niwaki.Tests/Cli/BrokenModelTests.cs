using System.Text.Json.Nodes;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli;

/// <summary>Every verb that reads a model refuses a broken one with exit code 3, a message, and nothing written.</summary>
public class BrokenModelTests
{
    private const string Weights = "model.safetensors";

    public static TheoryData<string> ReadingVerbs => ["inspect", "prune", "eval", "score", "generate"];

    [Theory]
    [MemberData(nameof(ReadingVerbs))]
    public void Run_NoSuchFolder_ReturnsModelFile(string verb)
    {
        using var folder = new TemporaryFolder();

        Run(verb, folder, folder["nowhere"]).AssertFails(3, "nowhere", "does not exist");
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("prune")]
    [InlineData("prune --dry-run")]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("generate")]
    [InlineData("tokenize")]
    public void Run_NoTokenizer_ReturnsModelFile(string verb)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        File.Delete(Path.Combine(model, "tokenizer.json"));

        Run(verb, folder, model).AssertFails(3, "tokenizer.json");
        Assert.Equal(["model"], folder.Names);
    }

    [Theory]
    [MemberData(nameof(ReadingVerbs))]
    public void Run_UnknownArchitecture_ReturnsModelFile(string verb)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string config = Path.Combine(model, "config.json");
        JsonNode fields = JsonNode.Parse(File.ReadAllText(config))!;
        fields["model_type"] = "gpt_neox";
        File.WriteAllText(config, fields.ToJsonString());

        Run(verb, folder, model).AssertFails(3, "gpt_neox");
        Assert.Equal(["model"], folder.Names);
    }

    // The last 100 bytes of the file belong to the tensor that comes last in it.
    [Theory]
    [MemberData(nameof(ReadingVerbs))]
    public void Run_TruncatedWeights_NamesFileAndBytes(string verb)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        using (FileStream stream = File.OpenWrite(Path.Combine(model, Weights)))
        {
            stream.SetLength(stream.Length - 100);
        }

        Run(verb, folder, model).AssertFails(3, Weights, "tensor '", "expected");
        Assert.Equal(["model"], folder.Names);
    }

    // 15 neurons in config.json, 96 in the tensors.
    [Theory]
    [MemberData(nameof(ReadingVerbs))]
    public void Run_TensorOfOtherShape_NamesTensorAndShapes(string verb)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string config = Path.Combine(model, "config.json");
        JsonNode fields = JsonNode.Parse(File.ReadAllText(config))!;
        fields["intermediate_size"] = 15;
        File.WriteAllText(config, fields.ToJsonString());

        Run(verb, folder, model).AssertFails(3, Weights, "model.layers.0.mlp", "96", "expected", "15");
        Assert.Equal(["model"], folder.Names);
    }

    // The vocabulary of the model ends at 24, the tokenizer's at 4,096.
    [Theory]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("generate")]
    [InlineData("prune")]
    public void Run_TokenizerOfAnotherModel_ReturnsModelFile(string verb)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { VocabularySize = 24 });

        Run(verb, folder, model).AssertFails(3, "tokenizer", "vocab_size", "24");
        Assert.Equal(["model"], folder.Names);
    }

    private static CommandResult Run(string verb, TemporaryFolder folder, string model) => verb switch
    {
        "prune" => CommandRunner.Prune(model, folder["run"], "--calibration", CommandRunner.Text, "--evaluation", CommandRunner.OtherText, "--json"),
        "prune --dry-run" => CommandRunner.Prune(model, folder["run"], "--calibration", CommandRunner.Text, "--evaluation", CommandRunner.OtherText, "--dry-run", "--json"),
        "eval" => CommandRunner.Run(verb, model, "--file", CommandRunner.Text, "--window", "64", "--limit", "1"),
        "score" or "tokenize" => CommandRunner.Run(verb, model, "--text", "It rained."),
        "generate" => CommandRunner.Run(verb, model, "--prompt", "It rained.", "--max-tokens", "2"),
        _ => CommandRunner.Run(verb, model),
    };
}
