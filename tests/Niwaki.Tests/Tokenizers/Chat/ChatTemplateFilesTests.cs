using System.Globalization;
using Niwaki.Formats;
using Niwaki.Tests.Formats;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Tests.Tokenizers.Chat;

public sealed class ChatTemplateFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_NamedTemplates_ByTheNamesOfTheirFiles()
    {
        _folder.Write("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "old"}, {"name": "rag", "template": "old rag"}]}""");
        _folder.Write("chat_template.jinja", "default");
        _folder.Write("additional_chat_templates/rag.jinja", "rag");
        _folder.Write("additional_chat_templates/tool.use.jinja", "tools");
        _folder.Write("additional_chat_templates/notes.txt", "none");

        Assert.Equal("default", ChatTemplate.Read(_folder.Path)!.Source);
        Assert.Equal("rag", ChatTemplate.Read(_folder.Path, "rag")!.Source);
        Assert.Equal("tools", ChatTemplate.Read(_folder.Path, "tool.use")!.Source);
        string message = Assert.Throws<ModelFormatException>(() => ChatTemplate.Read(_folder.Path, "notes")).Message;
        Assert.Contains("has the names 'default', 'rag', 'tool.use'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooManyOrTooLargeTemplates_IsRefused()
    {
        _folder.Write("additional_chat_templates/0.jinja", new byte[(1 << 20) + 1]);
        Assert.Contains("0.jinja: file has 1,048,577 bytes or more", Assert.Throws<ModelFormatException>(() => ChatTemplate.Read(_folder.Path, "0")).Message, StringComparison.Ordinal);
        for (int i = 0; i <= 64; i++)
        {
            _folder.Write($"additional_chat_templates/{i.ToString(CultureInfo.InvariantCulture)}.jinja", "x");
        }

        Assert.Contains("has 65 files, expected at most 64", Assert.Throws<ModelFormatException>(() => ChatTemplate.Read(_folder.Path, "0")).Message, StringComparison.Ordinal);
    }
}
