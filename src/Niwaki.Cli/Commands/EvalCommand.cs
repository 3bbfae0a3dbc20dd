using System.CommandLine;
using System.Globalization;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Evaluation.Likelihood;
using Niwaki.Evaluation.Protocols;
using Niwaki.Evaluation.Tasks;
using Niwaki.Formats.Hub;

namespace Niwaki.Cli.Commands;

/// <summary>Measures perplexity on a text, or accuracy on tasks.</summary>
internal sealed class EvalCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string?> _file = new Option<string?>("--file", "--dataset") { Description = "Text to measure the perplexity on: a file in UTF-8, or documents as .jsonl or as a .zip of .txt", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "How the text is cut and scored. gptq: tokenised once, windows one after another; llamacpp: second halves of chunks; lm-eval: documents, by word and byte; segments: short windows; documents: texts between separators",
        DefaultValueFactory = _ => ProtocolNames.Gptq,
    };

    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len")
    {
        Description = "Tokens of a window. Default: the model's context, at most 2048; 512 for llamacpp, 128 for segments. With --tasks: most tokens of a prompt, by default the context",
        HelpName = "tokens",
    };

    private readonly Option<int?> _limit = new("--limit") { Description = "Use the first windows only; with lm-eval, documents and --tasks the first documents", HelpName = "count" };
    private readonly Option<bool> _bos = new("--bos-every-window", "--add_bos_to_every") { Description = "segments: a begin-of-text token in front of every window" };
    private readonly Option<string> _separator = new("--separator") { Description = "documents: what stands between two documents", DefaultValueFactory = _ => ProtocolOptions.DefaultSeparator, HelpName = "text" };
    private readonly Option<string?> _against = new Option<string?>("--against") { Description = "The dense model: also show how far the predictions are from its own", HelpName = "model" }.RefuseEmpty();
    private readonly Option<string?> _tasks = new("--tasks") { Description = "Tasks of lm-evaluation-harness instead of a text, with commas between them, such as hellaswag,arc_easy,mmlu", HelpName = "names" };
    private readonly Option<int?> _shots = new("--num-fewshot", "--num_fewshot") { Description = "--tasks: examples in front of every document. Default: none; 5 for gsm8k; truthfulqa_mc2 has none whatever is given", HelpName = "count" };
    private readonly Option<string?> _data = new Option<string?>("--data") { Description = "--tasks: folder with the data", HelpName = "folder" }.RefuseEmpty();
    private readonly Option<bool> _pull = new("--pull") { Description = "--tasks: fetch missing data from the hub into the folder" };
    private readonly Option<string> _endpoint = new("--endpoint") { Description = "--pull: address of the hub", DefaultValueFactory = _ => HubClient.DefaultEndpoint, HelpName = "url" };
    private readonly Option<string?> _output = new Option<string?>("--out", "--output", "--output_path") { Description = "--tasks: folder for results_*.json and samples_*.jsonl", HelpName = "folder" }.RefuseEmpty();
    private readonly Option<BeginOfTextMode> _begin = new("--add-bos") { Description = "--tasks: begin prompts with the begin-of-text token. Auto: where the tokenizer does so", DefaultValueFactory = _ => BeginOfTextMode.Auto };
    private readonly Option<string?> _template = new("--apply-chat-template", "--apply_chat_template")
    {
        Description = "--tasks: write prompts as conversations in the model's chat template; of several templates the default one, or the one of this name",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "name",
    };

    private readonly Option<bool?> _turns = new("--fewshot-as-multiturn", "--fewshot_as_multiturn")
    {
        Description = "--apply-chat-template: examples are turns of the conversation. Default: true; false: they stand in front of the question",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "true|false",
    };

    private readonly Option<string?> _instruction = new("--system-instruction", "--system_instruction")
    {
        Description = "--tasks: text in front of the description of every task; a message of the system with --apply-chat-template",
        HelpName = "text",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Measure a few passes and tell the time and memory that the whole would need" };

    public EvalCommand()
        : base(
            "eval",
            "Measures the perplexity of a model on a text, or its accuracy on tasks.",
            "niwaki eval samples/novels-4m --file samples/text/evening-post.txt --protocol gptq --window 256")
    {
        _protocol.AcceptOnlyFromAmong([.. ProtocolNames.All]);
        Add(_model);
        Add(_file);
        Add(_protocol);
        Add(_window);
        Add(_limit);
        Add(_bos);
        Add(_separator);
        Add(_against);
        Add(_tasks);
        Add(_shots);
        Add(_data);
        Add(_pull);
        Add(_endpoint);
        Add(_output);
        Add(_begin);
        Add(_template);
        Add(_turns);
        Add(_instruction);
        Add(_dryRun);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_file) is null == parsed.GetValue(_tasks) is null)
        {
            throw new UsageException($"{(parsed.GetValue(_file) is null ? $"Neither {_file.Name} nor" : $"Both {_file.Name} and")} {_tasks.Name} are given, expected one of them.");
        }

        return parsed.GetValue(_tasks) is { } tasks ? RunTasks(tasks, parsed, terminal, cancellationToken) : RunText(parsed, terminal, cancellationToken);
    }

    private int RunTasks(string tasks, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        Option[] others = [_protocol, _bos, _separator, _against, _dryRun];
        if (others.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
        {
            throw new UsageException($"{other.Name} is given with {_tasks.Name}, expected it with {_file.Name} alone.");
        }

        if (parsed.GetValue(_limit) < 1 || parsed.GetValue(_shots) < 0 || parsed.GetValue(_window) < 2)
        {
            throw new UsageException(
                $"Limit is {Given(parsed.GetValue(_limit))}, examples {Given(parsed.GetValue(_shots))} and window {Given(parsed.GetValue(_window))}, expected 1, 0 and 2 or more.");
        }

        bool hasTemplate = parsed.GetResult(_template) is not null;
        if (parsed.GetValue(_turns) == true && !hasTemplate)
        {
            throw new UsageException($"{_turns.Name} is given without {_template.Name}, expected both: only a conversation has turns.");
        }

        var evaluation = new TaskEvaluation(tasks)
        {
            Data = parsed.GetValue(_data) ?? throw new UsageException($"{_data.Name} is not given, expected the folder with the data of the tasks."),
            Hub = parsed.GetValue(_pull) ? parsed.GetValue(_endpoint) : null,
            Output = parsed.GetValue(_output),
            Shots = parsed.GetValue(_shots),
            Limit = parsed.GetValue(_limit),
            Longest = parsed.GetValue(_window),
            Seed = parsed.GetValue(Seed) ?? FewShotSampler.DefaultSeed,
            Mode = parsed.GetValue(_begin),
        };
        string name = parsed.GetValue(_model)!;
        using LoadedModel model = LoadedModel.Open(name, Threads(parsed), Memory(parsed));
        var format = new PromptFormat(hasTemplate ? model.ReadChatTemplate(_template.Name, parsed.GetValue(_template)) : null, parsed.GetValue(_instruction), parsed.GetValue(_turns) ?? true);
        return evaluation.Run(model, name, format, terminal, Json(parsed), cancellationToken);
    }

    private static string Given(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "not given";

    private int RunText(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        var options = new ProtocolOptions
        {
            Protocol = parsed.GetValue(_protocol)!,
            Window = parsed.GetValue(_window),
            Limit = parsed.GetValue(_limit),
            BeginEveryWindow = parsed.GetValue(_bos),
            Separator = parsed.GetValue(_separator)!,
        };
        string[] faults = [.. options.Faults()];
        if (faults.Length > 0)
        {
            throw new UsageException(string.Join(Environment.NewLine, faults));
        }

        Option[] others = [_shots, _data, _pull, _endpoint, _output, _begin, _template, _turns, _instruction];
        if (others.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
        {
            throw new UsageException($"{other.Name} is given with {_file.Name}, expected it with {_tasks.Name} alone.");
        }

        string file = parsed.GetValue(_file)!;
        string? against = parsed.GetValue(_against);
        if (against is not null && parsed.GetValue(_dryRun))
        {
            throw new UsageException($"Both {_against.Name} and {_dryRun.Name} are given, expected one of them.");
        }

        // Both models are in memory together.
        long? memory = against is null ? Memory(parsed) : Memory(parsed) / 2;
        var evaluation = new PerplexityEvaluation(options, file, terminal, Json(parsed));
        using LoadedModel model = evaluation.Open(parsed.GetValue(_model)!, Threads(parsed), memory);
        if (parsed.GetValue(_dryRun))
        {
            return evaluation.Estimate(model, cancellationToken);
        }

        if (against is null)
        {
            return evaluation.Run(model, null, cancellationToken);
        }

        using LoadedModel reference = LoadedModel.Open(against, Threads(parsed), memory);
        return evaluation.Run(model, reference, cancellationToken);
    }
}
