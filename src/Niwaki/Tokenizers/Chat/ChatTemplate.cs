using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Tokenizers.HuggingFace;

namespace Niwaki.Tokenizers.Chat;

/// <summary>How a model wants conversations written: the Jinja template that comes with its tokenizer.</summary>
/// <remarks>
/// A subset of Jinja as transformers sets it up: blocks are trimmed, no access to anything but the conversation. Templates come from strangers: size, nesting,
/// steps and output are bounded. Keeps no state between conversations; safe to use from many threads.
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>Largest template, 1 MiB; the longest known ones have some tens of thousands of characters.</summary>
    internal const int MaxLength = 1 << 20;

    private readonly Func<JinjaRun, JinjaFlow> _body;
    private readonly IReadOnlyDictionary<string, string> _tokens;

    private ChatTemplate(string source, Func<JinjaRun, JinjaFlow> body, IReadOnlyDictionary<string, string> tokens)
    {
        Source = source;
        _body = body;
        _tokens = tokens;
    }

    /// <summary>The template as it was read.</summary>
    public string Source { get; }

    /// <summary>
    /// Reads the template of a model folder: <c>chat_template.jinja</c>, else the field <c>chat_template</c> of <c>tokenizer_config.json</c>, which may list several by
    /// name; <c>additional_chat_templates/NAME.jinja</c> is another with a name. Of a GGUF file that of its metadata.
    /// </summary>
    /// <param name="folder">Model folder or GGUF file.</param>
    /// <param name="name">Name of one of several templates; null: the only one, or the one of the name 'default'.</param>
    /// <returns>The template; null where the model has none.</returns>
    /// <exception cref="ModelFormatException">A file is broken or too large, or there is no template of that name.</exception>
    /// <exception cref="ChatTemplateException">The template is no Jinja, or uses more of it than is supported.</exception>
    public static ChatTemplate? Read(string folder, string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ConfigDocument? settings = ChatTemplateFiles.Settings(folder);
        if (ChatTemplateFiles.Choose(folder, settings, name) is not { } text)
        {
            return null;
        }

        TokenizerSettings known = settings is null ? new TokenizerSettings() : TokenizerSettings.Read(settings);
        return Parse(text, known.BeginOfText, known.EndOfText);
    }

    /// <summary>Reads a template from a text.</summary>
    /// <param name="template">The template.</param>
    /// <param name="beginOfText">Content of the token that begins a text; null: none.</param>
    /// <param name="endOfText">Content of the token that ends one; null: none.</param>
    /// <exception cref="ChatTemplateException">The template is no Jinja, or uses more of it than is supported.</exception>
    public static ChatTemplate Parse(string template, string? beginOfText = null, string? endOfText = null)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.Length > MaxLength)
        {
            throw new ChatTemplateException($"Chat template has {template.Length:N0} characters, expected at most {MaxLength:N0}.", 0);
        }

        Func<JinjaRun, JinjaFlow> body = new JinjaParser(JinjaLexer.Read(template)).Parse();
        return new ChatTemplate(template, body, new Dictionary<string, string> { ["bos_token"] = beginOfText ?? "", ["eos_token"] = endOfText ?? "" });
    }

    /// <summary>Writes a conversation.</summary>
    /// <param name="messages">The messages, in their order.</param>
    /// <param name="addGenerationPrompt">Whether the beginning of an answer follows, for the model to go on with.</param>
    /// <param name="values">Further values by name, such as <c>enable_thinking</c>: null, booleans, numbers, texts, lists and dictionaries of these; null: none.</param>
    /// <returns>The text; special tokens stand in it by their content, so that the tokenizer adds none of its own.</returns>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails on it, or takes too many steps or characters.</exception>
    public string Apply(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? values = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var run = new JinjaRun();
        foreach ((string name, string content) in _tokens)
        {
            run.Set(name, content);
        }

        run.Set("messages", messages.Select(object? (message) => new JinjaMap { ["role"] = message.Role, ["content"] = message.Content }).ToList());
        run.Set("add_generation_prompt", addGenerationPrompt);
        foreach ((string name, object? value) in values ?? new Dictionary<string, object?>())
        {
            run.Set(name, JinjaValue.Of(value));
        }

        _body(run);
        return run.Output;
    }
}
