using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Output;
using Niwaki.Generation;
using Niwaki.Tokenizers;

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

    public GenerateCommand()
        : base("generate", "Continues a text.", "niwaki generate samples/novels-4m --prompt \"The old house\" --max-tokens 60")
    {
        Add(_model);
        Add(_prompt);
        Add(_maxTokens);
        Add(_temperature);
        Add(_topK);
        Add(_topP);
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
        using LoadedModel model = LoadedModel.Open(parsed.GetValue(_model)!, Threads(parsed), Memory(parsed));
        int[] ids = model.Encode(prompt);
        if (ids.Length == 0)
        {
            throw new UsageException("The prompt is empty and the tokenizer adds no begin-of-text token, expected at least one token. Give a --prompt.");
        }

        int context = model.Transformer.Config.ContextLength;
        if (ids.Length >= context)
        {
            throw new UsageException($"The prompt has {ids.Length} tokens, expected fewer than the model's context of {context}.");
        }

        bool json = Json(parsed);
        StreamingDecoder decoder = model.Tokenizer.CreateStreamingDecoder();
        var written = new List<int>();
        if (!json)
        {
            terminal.Output.Write(prompt);
        }

        foreach (int id in TextGenerator.Generate(model.Transformer, ids, options, maxTokens, model.Transformer.Config.EndOfText, cancellationToken))
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

        return ExitCodes.Success;
    }
}
