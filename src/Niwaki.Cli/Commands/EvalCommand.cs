using System.CommandLine;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Evaluation.Protocols;

namespace Niwaki.Cli.Commands;

/// <summary>Measures perplexity on a text.</summary>
internal sealed class EvalCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string?> _file = new Option<string?>("--file", "--dataset") { Description = "Text to measure the perplexity on: a file in UTF-8; with protocols documents and lm-eval also .jsonl or .zip", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "How the text is cut and scored. gptq: tokenised once, windows one after another; llamacpp: second halves of chunks; lm-eval: documents, by word and byte; segments: short windows; documents: texts between separators",
        DefaultValueFactory = _ => ProtocolNames.Gptq,
    };

    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len")
    {
        Description = "Tokens of a window. Default: the model's context, at most 2048; 512 for llamacpp, 128 for segments",
        HelpName = "tokens",
    };

    private readonly Option<int?> _limit = new("--limit") { Description = "Use the first windows only; with lm-eval and documents the first documents", HelpName = "count" };
    private readonly Option<bool> _bos = new("--bos-every-window", "--add_bos_to_every") { Description = "segments: a begin-of-text token in front of every window" };
    private readonly Option<string> _separator = new("--separator") { Description = "documents: what stands between two documents", DefaultValueFactory = _ => ProtocolOptions.DefaultSeparator, HelpName = "text" };
    private readonly Option<string?> _against = new Option<string?>("--against") { Description = "The dense model: also show how far the predictions are from its own", HelpName = "model" }.RefuseEmpty();
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Measure a few passes and tell the time and memory that the whole would need" };

    public EvalCommand()
        : base(
            "eval",
            "Measures the perplexity of a model on a text.",
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
        Add(_dryRun);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
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

        string file = parsed.GetValue(_file) ?? throw new UsageException($"{_file.Name} is not given, expected a text to measure on.");
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
