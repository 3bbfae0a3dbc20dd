using System.Text.Json.Nodes;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Evaluation;
using Niwaki.Evaluation.Protocols;
using Niwaki.Models;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Perplexity on a text by a protocol, alone or beside another model.</summary>
internal sealed class PerplexityEvaluation
{
    private readonly ProtocolOptions _options;
    private readonly string _file;
    private readonly Terminal _terminal;
    private readonly bool _json;
    private readonly IReadOnlyList<TextDocument> _documents;

    /// <summary>Reads the text, so that a fault of it shows before a model is loaded.</summary>
    public PerplexityEvaluation(ProtocolOptions options, string file, Terminal terminal, bool json)
    {
        _options = options;
        _file = file;
        _terminal = terminal;
        _json = json;
        _documents = ProtocolText.Read(options, file);
    }

    /// <summary>Opens the model and says so where the window is beyond its context.</summary>
    public LoadedModel Open(string folder, int threads, long? memory)
    {
        LoadedModel model = LoadedModel.Open(folder, threads, memory);
        int context = model.Transformer.Config.ContextLength;
        if (_options.Window > context)
        {
            _terminal.Error.WriteLine($"Window is {_options.Window} tokens, more than the model's context of {context}: what comes later is predicted worse.");
        }

        return model;
    }

    /// <summary>Measures and writes the result.</summary>
    public int Run(LoadedModel model, LoadedModel? reference, CancellationToken cancellationToken)
    {
        ScoredText text = Cut(model);
        if (reference is not null)
        {
            TokenizerComparison.ThrowIfDifferent(model.Tokenizer, reference.Tokenizer);
        }

        (PerplexityResult result, ReferenceResult? difference) = Measure(model, reference, text, cancellationToken);
        if (_json)
        {
            _terminal.WriteJson(PerplexityOutput.ToJson(text, result, difference));
        }
        else
        {
            PerplexityOutput.Show(_terminal, text, result, difference);
        }

        return ExitCodes.Success;
    }

    /// <summary>One pass of the model; beside a reference another one, of both.</summary>
    private (PerplexityResult, ReferenceResult?) Measure(LoadedModel model, LoadedModel? reference, ScoredText text, CancellationToken cancellationToken)
    {
        using var display = ProgressDisplay.Start(_terminal, quiet: _json, hasStages: false);
        double alone = reference is null ? 1 : 1.0 / 3;
        PerplexityResult result = Perplexity.Measure(
            model.Transformer, text, model.Tokenizer, progress: new PassDisplay(display, "perplexity", 0, alone), cancellationToken: cancellationToken);
        if (reference is null)
        {
            return (result, null);
        }

        var compared = new PassDisplay(display, "both models", alone, 1, text.Windows.Sum(window => (long)window.Ids.Length));
        return (result, ReferenceComparison.Measure(model.Transformer, reference.Transformer, text, compared, cancellationToken));
    }

    /// <summary>Measures a few passes and tells what the whole would need.</summary>
    public int Estimate(LoadedModel model, CancellationToken cancellationToken)
    {
        ScoredText text = Cut(model);
        long tokens = text.Windows.Sum(window => (long)window.Ids.Length);
        double rate = ForwardRate.Measure(model.Transformer, text.Windows.Max(window => window.Ids.Length), cancellationToken);
        if (_json)
        {
            _terminal.WriteJson(new JsonObject
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
        _terminal.Tables.Write(table);
        return ExitCodes.Success;
    }

    private ScoredText Cut(LoadedModel model)
    {
        if (_options.Protocol != ProtocolNames.Gptq)
        {
            model.CheckMarkers();
        }

        return ProtocolText.Cut(_options, _documents, model.Tokenizer, model.Encode, model.Transformer.Config.ContextLength, _file);
    }
}
