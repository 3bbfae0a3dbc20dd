using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Output;
using Niwaki.Generation;
using Niwaki.Tokenizers;
using Niwaki.Tokenizers.Chat;

namespace Niwaki.Cli.Commands;

/// <summary>Continues a text.</summary>
internal sealed class GenerateCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _prompt = new("--prompt") { Description = "Text to continue; may be empty where the model has a begin-of-text token", DefaultValueFactory = _ => "" };
    private readonly Option<int> _maxTokens = new("--max-tokens") { Description = "Most tokens to write", DefaultValueFactory = _ => 128 };
    private readonly Option<double> _temperature = new("--temperature") { Description = "0 takes the likeliest token each time", DefaultValueFactory = _ => 0.8 };
    private readonly Option<int> _topK = new("--top-k") { Description = "Choose among this many likeliest tokens; 0: all", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _topP = new("--top-p") { Description = "Choose among the likeliest tokens that hold this share of probability", DefaultValueFactory = _ => 0.95 };

    private readonly Option<bool> _chat = new("--chat") { Description = "The prompt is a message: write it as the model's chat template says, and show the answer alone" };
    private readonly Option<string?> _system = new("--system") { Description = "With --chat: a message of the system in front", HelpName = "text" };

    public GenerateCommand()
        : base("generate", "Continues a text.", "niwaki generate samples/novels-4m --prompt \"The old house\" --max-tokens 60")
    {
        Add(_model);
        Add(_prompt);
        Add(_maxTokens);
        Add(_temperature);
        Add(_topK);
        Add(_topP);
        Add(_chat);
        Add(_system);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        var options = new SamplingOptions(
            parsed.GetValue(_temperature), parsed.GetValue(_topK), parsed.GetValue(_topP), parsed.GetValue(Seed) ?? 0);
        int maxTokens = parsed.GetValue(_maxTokens);
        string[] faults = [.. options.Faults(), .. maxTokens < 1 ? [$"Tokens to write are {maxTokens}, expected 1 or more."] : Array.Empty<string>()];
        if (faults.Length > 0)
        {
            throw new UsageException(string.Join(Environment.NewLine, faults));
        }

        string prompt = parsed.GetValue(_prompt)!;
        bool chat = parsed.GetValue(_chat);
        if (parsed.GetValue(_system) is not null && !chat)
        {
            throw new UsageException("--system is given without --chat, expected both.");
        }

        using LoadedModel model = LoadedModel.Open(parsed.GetValue(_model)!, Threads(parsed), Memory(parsed));
        int[] ids = chat ? Conversation(parsed, model, prompt) : model.Encode(prompt);
        if (ids.Length == 0)
        {
            throw new UsageException("The prompt is empty and the tokenizer adds no begin-of-text token, expected at least one token. Give a --prompt.");
        }

        int context = model.Transformer.Config.ContextLength;
        if (ids.Length >= context)
        {
            throw new UsageException($"The prompt has {ids.Length} tokens, expected fewer than the model's context of {context}.");
        }

        Write(terminal, model, chat ? null : prompt, prompt, TextGenerator.Generate(model.Transformer, ids, options, maxTokens, Ends(model, chat), cancellationToken), Json(parsed));
        return ExitCodes.Success;
    }

    /// <summary>Writes tokens as they come, behind a beginning where there is one; as JSON when all are there.</summary>
    private static void Write(Terminal terminal, LoadedModel model, string? beginning, string prompt, IEnumerable<int> ids, bool json)
    {
        StreamingDecoder decoder = model.Tokenizer.CreateStreamingDecoder();
        var written = new List<int>();
        if (!json)
        {
            terminal.Output.Write(beginning);
        }

        foreach (int id in ids)
        {
            written.Add(id);
            if (!json)
            {
                terminal.Output.Write(decoder.Add(id));
            }
        }

        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["prompt"] = prompt,
                ["text"] = model.Tokenizer.Decode([.. written]),
                ["ids"] = new JsonArray([.. written.Select(id => (JsonNode)id)]),
                ["tokens"] = written.Count,
            });
        }
        else
        {
            terminal.Output.WriteLine(decoder.Finish());
        }
    }

    /// <summary>The prompt as a conversation; the template writes the special tokens, so that the tokenizer adds none.</summary>
    private int[] Conversation(ParseResult parsed, LoadedModel model, string prompt)
    {
        ChatMessage[] messages = parsed.GetValue(_system) is { } system
            ? [new ChatMessage("system", system), new ChatMessage("user", prompt)]
            : [new ChatMessage("user", prompt)];
        return model.Encode(model.ReadChatTemplate(_chat.Name).Apply(messages, addGenerationPrompt: true), addSpecialTokens: false);
    }

    /// <summary>An answer ends at what ends a text, by the config or by the tokenizer, which name different tokens in some chat models.</summary>
    private static IReadOnlyList<int> Ends(LoadedModel model, bool chat) => chat && model.Tokenizer.EndOfText is { } end
        ? [.. model.Transformer.Config.EndOfText, end]
        : model.Transformer.Config.EndOfText;
}
