using System.Text.Json;
using System.Text.Json.Nodes;
using Niwaki.Export.Gguf;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Models;
using Niwaki.Tensors;
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

    /// <summary>What llama-quantize will do with a file that it is meant for.</summary>
    [Fact]
    public void Export_WidthsOfNoGroupedBlocks_AreShownForLlamaQuantize()
    {
        RandomCheckpoint.Write(_folder["model"], new RandomCheckpointSpec { HiddenSize = 256, HeadDim = 16, Blocks = [new BlockShape(4, 2, 96), new BlockShape(16, 4, 33), new BlockShape(4, 2, 96)] });
        JsonElement[] rows = [.. CommandRunner.Run("export", _folder["model"], "--type", "BF16", "--out", _folder["m.gguf"], "--json").Json.GetProperty("quantisationFallbacks").EnumerateArray()];
        Assert.Equal(
            ["attn_output.weight 64 2 Q5_0, Q5_1, Q8_0", "ffn_down.weight 33 1 F16", "ffn_down.weight 96 2 Q5_0, Q5_1, Q8_0"],
            rows.Select(row => $"{row.GetProperty("kind")} {row.GetProperty("width")} {row.GetProperty("tensors")} {row.GetProperty("encodings")}"));
        Assert.Contains("llama-quantize", CommandRunner.Run("export", _folder["model"], "--type", "BF16", "--out", _folder["again.gguf"]).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--type is given with --format hf", "--format", "hf", "--type", "Q8_0")]
    [InlineData("--pre is given with --format hf", "--format", "hf", "--pre", "llama-bpe")]
    [InlineData("--pad-to is given without --profile padded", "--pad-to", "widest")]
    public void Export_OptionThatWouldBeIgnored_IsAUsageError(string expected, params string[] arguments) =>
        CommandRunner.Run(["export", CommandRunner.Sample, "--out", _folder["out"], .. arguments]).AssertFails(2, expected);

    [Fact]
    public void Export_TooLittleMemory_SaysHowMuchBeforeWriting()
    {
        CommandRunner.Run("export", CommandRunner.Sample, "--type", "Q8_0", "--out", _folder["m.gguf"], "--memory", "100KiB").AssertFails(1, "Memory for a model is 51,200 bytes, expected at least");
        Assert.False(File.Exists(_folder["m.gguf"]));
    }

    /// <summary>Names keep their dots, and matrices of different types lose nothing unasked.</summary>
    [Fact]
    public void Plan_NamesAndTypes_AreThoseOfTheModel()
    {
        RandomCheckpoint.Write(_folder["Llama-3.2-x"], new RandomCheckpointSpec { ElementType = ElementType.BF16 });
        using var folder = Checkpoint.Open(_folder["Llama-3.2-x"]);
        var plan = GgufExport.Plan(folder, ModelConfigReader.Read(folder));
        Assert.StartsWith("Llama-3.2-x-", plan.FileName, StringComparison.Ordinal);
        Assert.Equal(GgufTensorType.BF16, plan.Type);
        Assert.False(plan.IsRounding);
        Assert.True(GgufExport.Plan(folder, ModelConfigReader.Read(folder), new GgufExportOptions { Type = GgufTensorType.F16 }).IsRounding);

        // The same tensors with a head of zeros in F32.
        Directory.CreateDirectory(_folder["mixed"]);
        File.Copy(Path.Combine(folder.Folder, "config.json"), _folder["mixed/config.json"]);
        PlannedTensor[] tensors = [.. folder.Tensors.Select(tensor => tensor.Name == "lm_head.weight" ? new PlannedTensor(tensor.Name, ElementType.F32, [.. tensor.Shape]) : PlannedTensor.CopyOf(tensor))];
        new CheckpointWriter(tensors).Write(
            _folder["mixed"],
            (tensor, stream) =>
            {
                if (tensor.DataType == "F32")
                {
                    stream.Write(new byte[tensor.ByteLength]);
                    return;
                }

                folder.CopyTensor(tensor.Name, stream, TestContext.Current.CancellationToken);
            },
            TestContext.Current.CancellationToken);
        using var mixed = Checkpoint.Open(_folder["mixed"]);
        plan = GgufExport.Plan(mixed, ModelConfigReader.Read(mixed));
        Assert.Equal(GgufTensorType.F32, plan.Type);
        Assert.Contains(plan.Warnings, warning => warning.Contains("F32 and BF16", StringComparison.Ordinal));
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

    /// <summary>What begins as ours and was changed belongs to somebody else; what only names another file is ours.</summary>
    [Fact]
    public void Export_ModelfileChangedBelowItsFirstLine_KeepsIt()
    {
        RandomCheckpoint.Write(_folder["model"], new RandomCheckpointSpec());
        Assert.Equal(0, CommandRunner.Run("export", _folder["model"], "--out", _folder["a.gguf"]).ExitCode);
        Assert.Equal(0, CommandRunner.Run("export", _folder["model"], "--out", _folder["b.gguf"]).ExitCode);
        Assert.Contains("FROM ./b.gguf\n", File.ReadAllText(_folder["Modelfile"]), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["b.Modelfile"]));

        File.AppendAllText(_folder["Modelfile"], "SYSTEM Be brief.\n");
        File.WriteAllText(_folder["c.Modelfile"], "FROM mine");
        string changed = File.ReadAllText(_folder["Modelfile"]);
        Assert.Equal(0, CommandRunner.Run("export", _folder["model"], "--out", _folder["c.gguf"]).ExitCode);

        Assert.Equal((changed, "FROM mine"), (File.ReadAllText(_folder["Modelfile"]), File.ReadAllText(_folder["c.Modelfile"])));
        Assert.Contains("FROM ./c.gguf\n", File.ReadAllText(_folder["c-2.Modelfile"]), StringComparison.Ordinal);
    }

    /// <summary>The sample's tokenizer has the ids 0 to 4,095, as many as the model has rows.</summary>
    [Fact]
    public void Export_AddedTokenWithoutARow_IsLeftOutAndNamed()
    {
        string model = SmallModel.Write(_folder["model"]);
        AddToken(model, 4096, "<|extra|>");
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), """{"bos_token": "<|begin_of_text|>", "eos_token": "<|extra|>"}""");

        CommandResult result = CommandRunner.Run("export", model, "--out", _folder["m.gguf"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("4,096 rows and none for 1 of the added tokens, the first of them '<|extra|>'", result.Error, StringComparison.Ordinal);
        using var file = GgufFile.Open(_folder["m.gguf"]);
        Assert.Equal(4096, file.Metadata.GetStringsOrNull("tokenizer.ggml.tokens")!.Length);
        Assert.Equal(0, file.Metadata.GetInt32("tokenizer.ggml.bos_token_id", 0, 9999));
        Assert.Equal(1, file.Metadata.GetInt32("tokenizer.ggml.eos_token_id", 0, 9999)); // that of config.json
        Assert.False(file.Metadata.GetBooleanOrNull("tokenizer.ggml.add_eos_token"));
    }

    [Fact]
    public void Export_TokenOfTheVocabularyWithoutARow_IsRefused()
    {
        string model = SmallModel.Write(_folder["model"], SmallModel.Spec with { VocabularySize = 4095 });
        CommandRunner.Run("export", model, "--out", _folder["m.gguf"]).AssertFails(3, "tokenizer has 4,096 tokens, expected at most the 4,095 rows of the embedding table");
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

    private static void AddToken(string model, int id, string content)
    {
        string path = Path.Combine(model, "tokenizer.json");
        JsonNode document = JsonNode.Parse(File.ReadAllText(path))!;
        document["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = id, ["content"] = content, ["special"] = true, ["normalized"] = false });
        File.WriteAllText(path, document.ToJsonString());
    }
}
