using System.Text.Json;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public class TokenizeCommandTests
{
    [Fact]
    public void Tokenize_Text_WritesIdsOnOneLine()
    {
        CommandResult plain = CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "Call me Ishmael.");
        JsonElement ids = CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "Call me Ishmael.", "--json").Json.GetProperty("ids");

        Assert.Equal(string.Join(' ', ids.EnumerateArray().Select(id => id.GetInt32())), plain.Output.Trim());
    }

    [Fact]
    public void Tokenize_NoSpecial_LeavesBeginOfTextOut()
    {
        int[] all = Ids(CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "Rain", "--json").Json);
        int[] bare = Ids(CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "Rain", "--no-special", "--json").Json);

        Assert.Equal(0, all[0]);
        Assert.Equal(all[1..], bare);
    }

    // Other command lines take "@name" for a file of arguments.
    [Fact]
    public void Tokenize_TextWithAnAtSign_IsText()
    {
        int[] ids = Ids(CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "@home", "--no-special", "--json").Json);
        Assert.Equal(Ids(CommandRunner.Run("tokenize", CommandRunner.Sample, "--text=@home", "--no-special", "--json").Json), ids);
        Assert.NotEmpty(ids);
    }

    [Fact]
    public void Tokenize_JsonLines_OneItemForEachLine()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("texts.jsonl", "\"Rain\"\n\"two\\nlines\"\n\"\"\n");

        JsonElement items = CommandRunner.Run("tokenize", CommandRunner.Sample, "--jsonl", file, "--json").Json.GetProperty("items");

        string[] texts = ["Rain", "two\nlines", ""];
        Assert.Equal(
            texts.Select(text => Ids(CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", text, "--json").Json)),
            items.EnumerateArray().Select(Ids));
    }

    [Fact]
    public void Tokenize_FolderOfAHealing_StandsForItsModel()
    {
        using var folder = new TemporaryFolder();
        folder.Write("healed/healing.yaml", "");
        SmallModel.Write(folder["healed/model"]);

        CommandResult result = CommandRunner.Run("tokenize", folder["healed"], "--text", "Rain");

        Assert.Equal((CommandRunner.Run("tokenize", CommandRunner.Sample, "--text", "Rain").Output, ""), (result.Output, result.Error));
    }

    // 42 and {} are JSON of another kind, the fourth is no JSON, the last half a surrogate pair, which is JSON but no text.
    [Theory]
    [InlineData("42")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("Rain")]
    [InlineData("\"\\ud800\"")]
    public void Tokenize_LineThatIsNoString_NamesLine(string line)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("texts.jsonl", $"\"Rain\"\n{line}\n");

        CommandRunner.Run("tokenize", CommandRunner.Sample, "--jsonl", file).AssertFails(1, "texts.jsonl, line 2", "expected one JSON string");
    }

    private static int[] Ids(JsonElement item) => [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
}
