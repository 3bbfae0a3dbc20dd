using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Models;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Compares the logits of two models.</summary>
internal sealed class VerifyCommand : Verb
{
    private const int LargestDefaultWindow = 512;

    private readonly Argument<string> _first = new Argument<string>("model") { Description = "The model that is right: a folder, a run folder or a GGUF file" }.RefuseEmpty();
    private readonly Argument<string> _second = new Argument<string>("other") { Description = "The model to compare with it" }.RefuseEmpty();
    private readonly Option<string?> _file = new Option<string?>("--file", "--dataset") { Description = "Text file in UTF-8 to compare on. Default: 256 random tokens", HelpName = "path" }.RefuseEmpty();
    private readonly Option<int?> _window = new("--window", "--seqlen", "--max_seq_len") { Description = "Tokens of a window of the text. Default: the model's context, at most 512", HelpName = "tokens" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Use the first windows of the text only", HelpName = "windows" };
    private readonly Option<double> _threshold = new("--threshold")
    {
        Description = "Largest difference of a logit, as a share of the largest logit at its position, with which the models count as one",
        DefaultValueFactory = _ => LogitDifference.DefaultThreshold,
    };

    private readonly Option<string?> _logits = new Option<string?>("--logits") { Description = "Write token ids and logits of the first model on the first window, for comparing other software", HelpName = "path" }.RefuseEmpty();

    public VerifyCommand()
        : base(
            "verify",
            "Compares the logits of two models on the same tokens; exit code 1 if they are not the same model.",
            "niwaki verify samples/novels-4m samples/novels-4m --file samples/text/evening-post.txt --limit 1")
    {
        Add(_first);
        Add(_second);
        Add(_file);
        Add(_window);
        Add(_limit);
        Add(_threshold);
        Add(_logits);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        double threshold = parsed.GetValue(_threshold);
        if (!(threshold >= 0) || parsed.GetValue(_limit) < 1 || parsed.GetValue(_window) < 1)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"Threshold is {threshold}, window {parsed.GetValue(_window)?.ToString(CultureInfo.InvariantCulture) ?? "not given"} and limit {parsed.GetValue(_limit)?.ToString(CultureInfo.InvariantCulture) ?? "none"}, expected 0 or more, 1 or more and 1 or more."));
        }

        // Both are in memory together.
        long? memory = Memory(parsed) / 2;
        bool hasText = parsed.GetValue(_file) is not null;
        using LoadedModel first = LoadedModel.Open(parsed.GetValue(_first)!, Threads(parsed), memory, hasText);
        using LoadedModel second = LoadedModel.Open(parsed.GetValue(_second)!, Threads(parsed), memory, hasText);
        int[][] windows = Windows(parsed, first, second);
        LogitDifference difference;
        using (var display = ProgressDisplay.Start(terminal, quiet: Json(parsed), hasStages: false))
        {
            difference = LogitComparison.Measure(
                first.Transformer, second.Transformer, windows, progress: new PassDisplay(display, "comparing"), cancellationToken: cancellationToken);
        }

        if (parsed.GetValue(_logits) is { } path)
        {
            LogitFile.Write(path, first.Transformer, windows[0], cancellationToken);
        }

        bool isSame = difference.IsWithin(threshold);
        if (Json(parsed))
        {
            terminal.WriteJson(ToJson(difference, threshold, isSame));
        }
        else
        {
            Show(terminal, difference, threshold, isSame);
        }

        return isSame ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>The tokens to compare on, the same for both models.</summary>
    private int[][] Windows(ParseResult parsed, LoadedModel first, LoadedModel second)
    {
        bool hasText = parsed.GetValue(_file) is not null;
        if (hasText || (first.HasTokenizer && second.HasTokenizer))
        {
            TokenizerComparison.ThrowIfDifferent(first.Tokenizer, second.Tokenizer);
        }

        ModelConfig config = first.Transformer.Config;
        if (parsed.GetValue(_file) is not { } file)
        {
            return LogitComparison.RandomWindows(config, parsed.GetValue(Seed) ?? 0);
        }

        string text = TextFile.Read(file);
        int[] ids = first.Encode(text);
        TokenizerComparison.ThrowIfDifferent(ids, second.Encode(text), first.Tokenizer, second.Tokenizer);
        int context = Math.Min(config.ContextLength, second.Transformer.Config.ContextLength);
        int window = parsed.GetValue(_window) ?? Math.Min(context, LargestDefaultWindow);
        int[][] windows = [.. ids.Chunk(window)];
        return parsed.GetValue(_limit) is { } limit ? [.. windows.Take(limit)] : windows;
    }

    private static JsonObject ToJson(LogitDifference difference, double threshold, bool isSame) => new()
    {
        ["same"] = isSame,
        ["threshold"] = threshold,
        ["tokens"] = difference.Tokens,
        ["largest"] = FiniteOrNull(difference.Largest),
        ["mean"] = FiniteOrNull(difference.Mean),
        ["largestRelative"] = FiniteOrNull(difference.LargestRelative),
        ["meanRelative"] = FiniteOrNull(difference.MeanRelative),
        ["meanDivergence"] = FiniteOrNull(difference.MeanDivergence),
        ["largestDivergence"] = FiniteOrNull(difference.LargestDivergence),
        ["topAgreement"] = difference.TopAgreement,
    };

    private static JsonNode? FiniteOrNull(double value) => double.IsFinite(value) ? value : null;

    private static void Show(Terminal terminal, LogitDifference difference, double threshold, bool isSame)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("logits", "value");
        table.AddRow("tokens compared", Quantity.Count(difference.Tokens));
        table.AddRow("largest difference", $"{Small(difference.Largest)}, relative {Small(difference.LargestRelative)}");
        table.AddRow("mean difference", $"{Small(difference.Mean)}, relative {Small(difference.MeanRelative)}");
        table.AddRow("KL divergence", $"mean {Small(difference.MeanDivergence)}, largest {Small(difference.LargestDivergence)} nats");
        table.AddRow("same top token", Quantity.Share(difference.TopAgreement));
        terminal.Tables.Write(table);
        terminal.Output.WriteLine(isSame
            ? $"The same model: the largest relative difference is at most {Small(threshold)}."
            : $"Not the same model: the largest relative difference is {Small(difference.LargestRelative)}, expected at most {Small(threshold)}.");
    }

    private static string Small(double value) => value == 0 ? "0" : value.ToString("0.00e+0", CultureInfo.InvariantCulture);
}
