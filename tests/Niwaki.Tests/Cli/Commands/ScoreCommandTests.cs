using System.Text.Json;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public class ScoreCommandTests
{
    private const string Text = "It was a dark and stormy night.";

    [Fact]
    public void Score_Json_OneEntryForEachTokenOfTokenize()
    {
        JsonElement[] tokens = [.. CommandRunner.Run("score", CommandRunner.Sample, "--text", Text, "--json").Json.GetProperty("tokens").EnumerateArray()];
        JsonElement ids = CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", Text, "--json").Json.GetProperty("ids");

        Assert.Equal(ids.EnumerateArray().Select(id => id.GetInt32()), tokens.Select(token => token.GetProperty("id").GetInt32()));

        // The first is the begin-of-text token, which nothing predicts.
        Assert.Equal(JsonValueKind.Null, tokens[0].GetProperty("logProbability").ValueKind);
        Assert.Equal("<|begin_of_text|>", tokens[0].GetProperty("text").GetString());
        Assert.All(tokens[1..], token => Assert.True(token.GetProperty("logProbability").GetDouble() <= 0));
    }

    [Fact]
    public void Score_File_EqualsText()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("text.txt", Text);

        Assert.Equal(
            CommandRunner.Run("score", CommandRunner.Sample, "--text", Text).Output,
            CommandRunner.Run("score", CommandRunner.Sample, "--file", file).Output);
    }

    [Fact]
    public void Score_EmptyText_OnlySpecialTokens() =>
        Assert.Single(CommandRunner.Run("score", CommandRunner.Sample, "--text", "", "--json").Json.GetProperty("tokens").EnumerateArray());
}
