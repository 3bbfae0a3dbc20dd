using System.Text.Json;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Cli.Commands;

public sealed class ExportHuggingFaceTests
{
    private static readonly RandomCheckpointSpec Different = SmallModel.Spec with { Blocks = [new BlockShape(4, 4, 96), new BlockShape(2, 2, 0)] };

    [Theory]
    [InlineData("hetero-hf", "niwaki")]
    [InlineData("nemotron-nas", "nemotron-nas")]
    [InlineData("padded", "llama")]
    public void Export_Profile_FolderThatEveryVerbTakes(string profile, string modelType)
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Different);

        JsonElement json = CommandRunner.Run("export", model, "--format", "hf", "--profile", profile, "--out", folder["out"], "--json").Json;

        Assert.Equal((profile, modelType), (json.GetProperty("profile").GetString(), json.GetProperty("modelType").GetString()));
        Assert.True(json.GetProperty("largestRelative").GetDouble() < 1e-5);
        Assert.True(CommandRunner.Run("verify", model, folder["out"], "--file", CommandRunner.Text, "--limit", "1", "--json").Json.GetProperty("same").GetBoolean());
        Assert.Contains($"profile {profile}", File.ReadAllText(folder["out/README.md"]), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(folder["model/tokenizer.json"]), File.ReadAllBytes(folder["out/tokenizer.json"]));
    }

    // A run of each kind of shape goes through prune, export and back without a word about profiles.
    [Fact]
    public void Export_NoProfile_WhatTheBlocksAre()
    {
        using var folder = new TemporaryFolder();
        string equal = SmallModel.Write(folder["equal"]), different = SmallModel.Write(folder["different"], Different);
        Assert.Equal("uniform", CommandRunner.Run("export", equal, "--format", "hf", "--out", folder["a"], "--json").Json.GetProperty("profile").GetString());
        Assert.Equal("hetero-hf", CommandRunner.Run("export", different, "--format", "hf", "--out", folder["b"], "--json").Json.GetProperty("profile").GetString());
    }

    [Fact]
    public void Export_ExportedFolderPrunedAgain_Works()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [new BlockShape(2, 1, 300), new BlockShape(2, 2, 256), new BlockShape(0, 0, 9)] });
        foreach (string profile in (string[])["nemotron-nas", "hetero-hf"])
        {
            Assert.Equal(0, CommandRunner.Run("export", model, "--format", "hf", "--profile", profile, "--out", folder[profile], "--json").ExitCode);
            CommandResult pruned = CommandRunner.Prune(folder[profile], folder["run-" + profile], "--method", "random", "--sparsity", "0.3", "--json");
            Assert.True(pruned.ExitCode == 0, pruned.Error);
            Assert.Equal(0, CommandRunner.Run("export", folder["run-" + profile], "--format", "hf", "--profile", profile, "--out", folder["again-" + profile], "--json").ExitCode);
        }
    }

    [Fact]
    public void Export_HeadsThatDoNotDivide_SaysThatItIsAMistral()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], SmallModel.Spec with { Blocks = [new BlockShape(3, 3, 9), new BlockShape(3, 3, 9)] });
        CommandResult result = CommandRunner.Run("export", model, "--format", "hf", "--profile", "uniform", "--out", folder["out"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("3 query heads do not divide the hidden size 16", result.Error, StringComparison.Ordinal);
        Assert.Contains("\"model_type\": \"mistral\"", File.ReadAllText(folder["out/config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Export_TooLittleMemory_SaysHowMuchBeforeWriting()
    {
        using var folder = new TemporaryFolder();
        CommandRunner.Run("export", CommandRunner.Sample, "--format", "hf", "--out", folder["out"], "--memory", "100KiB").AssertFails(1, "Memory for a model is 51,200 bytes, expected at least");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Export_WhatCannotBe_FailsWithoutAFolder()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"], Different);
        CommandRunner.Run("export", model, "--format", "hf", "--profile", "uniform", "--out", folder["out"], "--json").AssertFails(3, "profile uniform, block 1");
        CommandRunner.Run("export", model, "--format", "gguf", "--profile", "nemotron-nas", "--out", folder["out"], "--json").AssertFails(2, "--format hf");
        CommandRunner.Run("export", model, "--format", "gguf", "--profile", "uniform", "--out", folder["out"], "--json").AssertFails(2, "blocks of the model differ");
        Assert.False(Path.Exists(folder["out"]));
    }
}
