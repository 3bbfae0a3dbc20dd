using System.Text.Json;
using System.Text.RegularExpressions;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public sealed class VerifyCommandTests
{
    [Fact]
    public void Verify_SameModelInOtherFiles_Same()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string shards = SmallModel.Write(folder["shards"], SmallModel.Spec with { MaxShardBytes = 5000 });

        JsonElement json = CommandRunner.Run("verify", model, shards, "--json").Json;

        Assert.True(json.GetProperty("same").GetBoolean());
        Assert.Equal((256, 0.0, 1.0), (json.GetProperty("tokens").GetInt32(), json.GetProperty("largest").GetDouble(), json.GetProperty("topAgreement").GetDouble()));
    }

    [Fact]
    public void Verify_PrunedModel_DiffersUnlessTheThresholdAllows()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        Assert.Equal(0, CommandRunner.Prune(model, folder["run"], "--method", "random").ExitCode);

        CommandResult differs = CommandRunner.Run("verify", model, folder["run"], "--file", CommandRunner.Text, "--window", "32", "--limit", "2");
        CommandResult allowed = CommandRunner.Run("verify", model, folder["run"], "--threshold", "100", "--seed", "4", "--json");

        Assert.Equal((1, ""), (differs.ExitCode, differs.Error));
        Assert.Contains("Not the same model", differs.Output, StringComparison.Ordinal);
        Assert.Contains("64", differs.Output, StringComparison.Ordinal);
        Assert.True(allowed.Json.GetProperty("meanDivergence").GetDouble() > 0);
    }

    [Fact]
    public void Verify_OtherTokenizer_Fails()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string other = SmallModel.Write(folder["other"]);
        string path = Path.Combine(other, "tokenizer.json");
        string text = Regex.Replace(File.ReadAllText(path), @":\s*(400[01])\b", match => match.Value[..^1] + (match.Value[^1] == '0' ? '1' : '0'));
        File.WriteAllText(path, text);

        CommandRunner.Run("verify", model, other, "--json").AssertFails(1, "Token 4000 is", "different tokenizers");
    }

    // Random tokens need none, and GGUF files may be without.
    [Fact]
    public void Verify_ModelWithoutTokenizer_IsComparedOnRandomTokens()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        File.Delete(Path.Combine(model, "tokenizer.json"));
        Assert.Equal(0, CommandRunner.Run("export", model, "--out", folder["m.gguf"]).ExitCode);
        Assert.True(CommandRunner.Run("verify", model, folder["m.gguf"], "--json").Json.GetProperty("same").GetBoolean());
        CommandRunner.Run("verify", model, folder["m.gguf"], "--file", CommandRunner.Text).AssertFails(3, "tokenizer");
    }

    [Fact]
    public void Verify_OtherVocabulary_Fails()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        string other = SmallModel.Write(folder["other"], SmallModel.Spec with { VocabularySize = 4100 });
        CommandRunner.Run("verify", model, other, "--json").AssertFails(1, "4096 and 4100");
    }

    [Fact]
    public void Verify_Logits_WritesAFile()
    {
        using var folder = new TemporaryFolder();
        string model = SmallModel.Write(folder["model"]);
        Assert.Equal(0, CommandRunner.Run("verify", model, model, "--logits", folder["logits.safetensors"]).ExitCode);
        Assert.True(new FileInfo(folder["logits.safetensors"]).Length > 64 * 4096 * 4);
    }

    [Theory]
    [InlineData("--threshold", "-1")]
    [InlineData("--threshold", "NaN")]
    [InlineData("--limit", "0")]
    [InlineData("--window", "0")]
    public void Verify_OptionOutOfRange_IsUsage(string option, string value) =>
        CommandRunner.Run("verify", CommandRunner.Sample, CommandRunner.Sample, option, value, "--json").AssertFails(2, "expected 0 or more");
}
