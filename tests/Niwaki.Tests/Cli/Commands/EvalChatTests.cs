using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Niwaki.Tests.Formats;

namespace Niwaki.Tests.Cli.Commands;

public sealed class EvalChatTests : IDisposable
{
    private const string Template = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EvalChatTests()
    {
        _model = SmallModel.Write(_folder["model"]);
        _folder.Write("data/boolq.jsonl", """{"passage": "Cats purr.", "question": "do cats purr", "label": 1}""");
        _folder.Write("data/boolq-train.jsonl", """
            {"passage": "Rain is wet.", "question": "is rain wet", "label": 1}
            {"passage": "Rain is wet.", "question": "is rain wet", "label": 1}
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Eval_Chat_PromptsAndWhatMadeThemInTheFiles()
    {
        File.WriteAllText(Path.Combine(_model, "chat_template.jinja"), Template);
        CommandResult table = Eval("--num-fewshot", "1", "--apply-chat-template", "--system-instruction", "Be brief.", "--out", _folder["out"]);

        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.Contains("in the chat template, examples as turns, with a system instruction", table.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        using var sample = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(_folder["out"], "samples_*.jsonl", SearchOption.AllDirectories).Single()));
        JsonElement request = sample.RootElement.GetProperty("arguments").GetProperty("gen_args_1");
        const string Messages = "[system] Be brief.\n[user] Rain is wet.\nQuestion: is rain wet?\nAnswer:\n[assistant] yes\n[user] Cats purr.\nQuestion: do cats purr?\nAnswer:\n[assistant]";
        Assert.EndsWith(Messages, request.GetProperty("arg_0").GetString(), StringComparison.Ordinal);
        Assert.Equal("yes", request.GetProperty("arg_1").GetString());
        using var results = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(_folder["out"], "results_*.json", SearchOption.AllDirectories).Single()));
        JsonElement root = results.RootElement;
        Assert.Equal(Template, root.GetProperty("chat_template").GetString());
        Assert.Equal(Sha(Template), root.GetProperty("chat_template_sha").GetString());
        Assert.Equal("Be brief.", root.GetProperty("system_instruction").GetString());
        Assert.Equal(Sha("Be brief."), root.GetProperty("system_instruction_sha").GetString());
        Assert.True(root.GetProperty("fewshot_as_multiturn").GetBoolean());
    }

    [Fact]
    public void Eval_NoChat_FilesSayNone()
    {
        JsonElement root = Eval("--json").Json;

        Assert.Equal(JsonValueKind.Null, root.GetProperty("chat_template").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("chat_template_sha").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("system_instruction").ValueKind);
        Assert.False(root.GetProperty("fewshot_as_multiturn").GetBoolean());
    }

    [Fact]
    public void Eval_SeveralTemplates_OneByItsName()
    {
        WriteTemplates("""[{"name": "short", "template": "S{{ messages | length }}"}, {"name": "long", "template": "L"}]""");

        Assert.Equal("S{{ messages | length }}", Eval("--apply_chat_template", "short", "--fewshot_as_multiturn", "false", "--json").Json.GetProperty("chat_template").GetString());
        Eval("--apply-chat-template").AssertFails(3, "has the names 'long', 'short'", "one of the name 'default'");
        Eval("--apply-chat-template", "tool_use").AssertFails(3, "has the names 'long', 'short'", "one of the name 'tool_use'");
    }

    [Fact]
    public void Eval_Gguf_TemplateOfTheMetadata()
    {
        File.WriteAllText(Path.Combine(_model, "chat_template.jinja"), Template);
        Assert.Equal(0, CommandRunner.Run("export", _model, "--out", _folder["model.gguf"]).ExitCode);

        JsonElement root = CommandRunner.Run("eval", _folder["model.gguf"], "--tasks", "boolq", "--data", _folder["data"], "--apply-chat-template", "--json").Json;

        Assert.Equal(Template, root.GetProperty("chat_template").GetString());
    }

    [Fact]
    public void Eval_TemplateThatRefusesTheSystem_SaysSo()
    {
        WriteTemplates("\"{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}{{ messages[0].content }}\"");

        CommandResult result = Eval("--apply-chat-template", "--system-instruction", "Be brief.", "--json");

        Assert.Contains("left out", result.Error, StringComparison.Ordinal);
        Assert.Contains("no system here", result.Json.GetProperty("niwaki").GetProperty("system_message_refused").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ raise_exception('no users here') }}", "no users here")]
    [InlineData("{{ messages | shell }}", "filter 'shell', which is not supported")]
    public void Eval_TemplateThatFails_Fails(string template, string message)
    {
        File.WriteAllText(Path.Combine(_model, "chat_template.jinja"), template);
        Eval("--apply-chat-template").AssertFails(1, message);
    }

    [Fact]
    public void Eval_NoTemplate_ReturnsUsage() => Eval("--apply-chat-template").AssertFails(2, "has no chat template", "Leave --apply-chat-template out");

    [Theory]
    [InlineData("--fewshot-as-multiturn")]
    [InlineData("--fewshot-as-multiturn", "true")]
    public void Eval_TurnsWithoutTemplate_ReturnsUsage(params string[] args) => Eval(args).AssertFails(2, "--fewshot-as-multiturn is given without --apply-chat-template");

    [Fact]
    public void Eval_ChatOfAText_ReturnsUsage() =>
        CommandRunner.Run("eval", _model, "--file", CommandRunner.Text, "--apply-chat-template").AssertFails(2, "--apply-chat-template is given with --file");

    private static string Sha(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private void WriteTemplates(string json)
    {
        string path = Path.Combine(_model, "tokenizer_config.json");
        string settings = File.ReadAllText(path).TrimEnd();
        File.WriteAllText(path, $"{settings[..^1]}, \"chat_template\": {json}}}");
    }

    private CommandResult Eval(params ReadOnlySpan<string> more) => CommandRunner.Run(["eval", _model, "--tasks", "boolq", "--data", _folder["data"], .. more]);
}
