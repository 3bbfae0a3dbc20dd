using System.Text.Json;
using Niwaki.Formats.Gguf;
using Niwaki.Models;
using Niwaki.Tests.Formats;
using Niwaki.Tests.Models;

namespace Niwaki.Tests.Cli.Commands;

public sealed class ExportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Export_Sample_IsTheSameModelForEveryVerb()
    {
        JsonElement json = CommandRunner.Run("export", CommandRunner.Sample, "--out", _folder["m.gguf"], "--json").Json;
        Assert.Equal("llama", json.GetProperty("architecture").GetString());
        Assert.Equal("BF16", json.GetProperty("type").GetString());
        Assert.Equal(new FileInfo(_folder["m.gguf"]).Length, json.GetProperty("bytes").GetInt64());
        Assert.Contains("FROM ./m.gguf\n", File.ReadAllText(_folder["Modelfile"]), StringComparison.Ordinal);

        string[] text = ["--text", "Call me Ishmael. 12345 \u2014 n\u00e9"];
        Assert.Equal(CommandRunner.Run(["tokenize", CommandRunner.Sample, .. text]).Output, CommandRunner.Run(["tokenize", _folder["m.gguf"], .. text]).Output);
        Assert.Equal(CommandRunner.Run(["score", CommandRunner.Sample, .. text]).Output, CommandRunner.Run(["score", _folder["m.gguf"], .. text]).Output);
        JsonElement found = CommandRunner.Run("inspect", _folder["m.gguf"], "--json").Json;
        JsonElement expected = CommandRunner.Run("inspect", CommandRunner.Sample, "--json").Json;
        Assert.Equal(expected.GetProperty("structureHash").GetString(), found.GetProperty("structureHash").GetString());
    }

    [Fact]
    public void Export_WidthsThatAreNoWholeBlocks_AreShownBeforeWriting()
    {
        RandomCheckpoint.Write(_folder["model"], new RandomCheckpointSpec { HiddenSize = 64, HeadDim = 16, Blocks = [new BlockShape(4, 2, 96), new BlockShape(3, 3, 33)] });
        CommandResult result = CommandRunner.Run("export", _folder["model"], "--type", "q8_0", "--out", _folder["m.gguf"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("blk.1.ffn_down.weight", result.Output, StringComparison.Ordinal);
        Assert.Contains("blk.1.attn_output.weight", result.Output, StringComparison.Ordinal); // 48 wide
        Assert.DoesNotContain("blk.0.ffn_down.weight", result.Output, StringComparison.Ordinal);
        Assert.Contains("no tokenizer", result.Error, StringComparison.Ordinal);
        using var file = GgufFile.Open(_folder["m.gguf"]);
        Assert.Equal(GgufTensorType.F16, file.Find("blk.1.ffn_down.weight")!.Type);
        Assert.Equal("deci", file.Metadata.GetString("general.architecture"));
    }

    [Fact]
    public void Export_TypeThatCannotBeWritten_IsAUsageError()
    {
        CommandResult result = CommandRunner.Run("export", CommandRunner.Sample, "--type", "Q4_K", "--out", _folder["m.gguf"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--type is 'Q4_K', expected one of F32, F16, Q4_0", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_TargetExists_KeepsIt()
    {
        _folder.Write("m.gguf", "mine");
        CommandResult result = CommandRunner.Run("export", CommandRunner.Sample, "--out", _folder["m.gguf"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("exists already", result.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["m.gguf"]));
    }

    [Fact]
    public void Export_ModelfileOfSomebodyElse_KeepsIt()
    {
        _folder.Write("Modelfile", "FROM mine");
        Assert.Equal(0, CommandRunner.Run("export", CommandRunner.Sample, "--out", _folder["m.gguf"]).ExitCode);
        Assert.Equal("FROM mine", File.ReadAllText(_folder["Modelfile"]));
        Assert.True(File.Exists(_folder["m.Modelfile"]));
    }

    /// <summary>Each refusal with its reason.</summary>
    [Theory]
    [InlineData("qwen3", false, "{}", "equal blocks: 'openelm', the only architecture of llama.cpp for such blocks, ties the head to the embedding")]
    [InlineData("qwen3", true, "{\"attention_bias\": true}", "no biases: no architecture of llama.cpp has both")]
    [InlineData("llama", true, "{\"partial_rotary_factor\": 0.5}", "all channels of a head: llama.cpp's architectures rotate whole heads")]
    [InlineData("llama", true, "{\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 32, \"truncate\": false}}", "'truncate': true, as llama.cpp calculates")]
    public void Export_NoContainer_IsRefusedWithItsReason(string family, bool tied, string extra, string expected)
    {
        RandomCheckpoint.Write(_folder["model"], new RandomCheckpointSpec { ModelType = family, TiedEmbeddings = tied, ExtraConfig = extra, Blocks = [new BlockShape(4, 2, 12), new BlockShape(2, 1, 12)] });
        CommandResult result = CommandRunner.Run("export", _folder["model"], "--out", _folder["m.gguf"]);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["m.gguf"]));
    }
}
