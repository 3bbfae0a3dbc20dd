using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Models;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Measures perplexity on a text.</summary>
internal sealed class EvalCommand : Verb
{
    private const int LargestDefaultWindow = 2048;

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _file = new Option<string>("--file", "--dataset") { Description = "Text file in UTF-8", Required = true, HelpName = "path" }.RefuseEmpty();
    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "How the text is cut and scored. gptq: tokenised once, windows one after another, the last partial one dropped",
        DefaultValueFactory = _ => Perplexity.GptqProtocol,
    };

    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len")
    {
        Description = "Tokens of a window. Default: the model's context, at most 2048",
        HelpName = "tokens",
    };

    private readonly Option<int?> _limit = new("--limit") { Description = "Use the first windows only", HelpName = "windows" };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Measure a few passes and tell the time and memory that the whole would need" };

    public EvalCommand()
        : base(
            "eval",
            "Measures the perplexity of a model on a text.",
            "niwaki eval samples/novels-4m --file samples/text/evening-post.txt --protocol gptq --window 256")
    {
        _protocol.AcceptOnlyFromAmong(Perplexity.GptqProtocol);
        Add(_model);
        Add(_file);
        Add(_protocol);
        Add(_window);
        Add(_limit);
        Add(_dryRun);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string file = parsed.GetValue(_file)!;
        string text = TextFile.Read(file);
        using LoadedModel model = LoadedModel.Open(parsed.GetValue(_model)!, Threads(parsed), Memory(parsed));
        int window = parsed.GetValue(_window) ?? Math.Min(model.Transformer.Config.ContextLength, LargestDefaultWindow);
        if (window < 2 || parsed.GetValue(_limit) < 1)
        {
            throw new UsageException($"Window is {window} and limit {parsed.GetValue(_limit)?.ToString() ?? "none"}, expected at least 2 tokens and 1 window.");
        }

        if (window > model.Transformer.Config.ContextLength)
        {
            terminal.Error.WriteLine(
                $"Window is {window} tokens, more than the model's context of {model.Transformer.Config.ContextLength}: what comes later is predicted worse.");
        }

        int[][] windows = TextWindows.NonOverlapping(model.Encode(text), window, parsed.GetValue(_limit), file);
        if (parsed.GetValue(_dryRun))
        {
            return WriteEstimate(terminal, model, windows, Json(parsed), cancellationToken);
        }

        PerplexityResult result = Perplexity.Measure(model.Transformer, windows, model.Tokenizer, cancellationToken: cancellationToken);
        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject
            {
                ["protocol"] = result.Protocol,
                ["window"] = result.Window,
                ["tokens"] = result.Tokens,
                ["nll"] = result.Nll,
                ["perplexity"] = result.Perplexity,
                ["bitsPerByte"] = result.BitsPerByte,
                ["standardError"] = result.StandardError,
            });
            return ExitCodes.Success;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("measure", "value");
        table.AddRow("protocol", $"{result.Protocol}, window {result.Window}");
        table.AddRow("tokens scored", Quantity.Count(result.Tokens));
        table.AddRow("perplexity", Quantity.Figure(result.Perplexity, 3));
        table.AddRow("mean loss", $"{Quantity.Figure(result.Nll, 4)} nats per token{(result.StandardError is { } error ? $" ± {Quantity.Figure(error, 4)}" : "")}");
        table.AddRow("bits per byte", result.BitsPerByte is { } bits ? Quantity.Figure(bits, 4) : "-");
        terminal.Tables.Write(table);
        return ExitCodes.Success;
    }

    private static int WriteEstimate(Terminal terminal, LoadedModel model, int[][] windows, bool json, CancellationToken cancellationToken)
    {
        long tokens = (long)windows.Length * windows[0].Length;
        double rate = ForwardRate.Measure(model.Transformer, windows[0].Length, cancellationToken);
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["seconds"] = tokens / rate,
                ["forwardTokens"] = tokens,
                ["memoryBytes"] = model.MemoryBytes(tokens),
                ["tokensPerSecond"] = rate,
            });
            return ExitCodes.Success;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("the evaluation would need", "");
        table.AddRow("time", $"about {Quantity.Duration(tokens / rate)}");
        table.AddRow("forward tokens", $"{Quantity.Count(tokens)} at {Quantity.Count((long)rate)} a second, measured now");
        table.AddRow("memory", $"{Quantity.Bytes(model.MemoryBytes(tokens))} for weights and activations");
        terminal.Tables.Write(table);
        return ExitCodes.Success;
    }
}
