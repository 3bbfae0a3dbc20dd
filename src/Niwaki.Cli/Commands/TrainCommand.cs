using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;
using Niwaki.Tokenizers;
using Niwaki.Training;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Trains a model from scratch.</summary>
internal sealed class TrainCommand : Verb
{
    private readonly Argument<string> _config = new Argument<string>("config") { Description = "config.json of the model to make, in the Hugging Face layout" }.RefuseEmpty();
    private readonly Option<string> _tokenizer = new Option<string>("--tokenizer") { Description = "Folder with the tokenizer; its files go with the model", Required = true, HelpName = "folder" }.RefuseEmpty();
    private readonly Option<string[]> _text = new("--text")
    {
        Description = "Texts to train on: .txt, .zip of .txt, or .jsonl with a field 'text' in every line; several may be given",
        Required = true,
        HelpName = "path",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _out = new Option<string>("--out", "-o", "--output", "--output_dir") { Description = "Model folder to make", Required = true, HelpName = "folder" }.RefuseEmpty();
    private readonly Option<string?> _heldOut = new("--held-out") { Description = "Text to measure on. Default: the last hundredth of the texts, which is not trained on", HelpName = "path" };
    private readonly Option<int> _heldOutWindows = new("--held-out-windows") { Description = "Most windows to measure on", DefaultValueFactory = _ => 64, HelpName = "windows" };
    private readonly Option<long> _evaluateEvery = new("--evaluate-every") { Description = "Steps between two measurements", DefaultValueFactory = _ => 500, HelpName = "steps" };
    private readonly Option<long> _saveEvery = new("--save-every") { Description = "Steps between two saved states", DefaultValueFactory = _ => 500, HelpName = "steps" };
    private readonly Option<long> _logEvery = new("--log-every") { Description = "Steps between two lines of the log; where it is given, they are shown too", DefaultValueFactory = _ => 10, HelpName = "steps" };
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on from the state in the folder, to the same bits; --learning-rate, --warm-up, --final-share and --clip may be others" };
    private readonly Option<ElementType> _precision = new("--precision") { Description = "Element type of the model: BF16 or F32", DefaultValueFactory = _ => ElementType.BF16 };
    private readonly TrainingArguments _training = new();

    public TrainCommand()
        : base(
            "train",
            "Trains a model from scratch on texts.",
            "niwaki train samples/novels-4m/config.json --tokenizer samples/novels-4m --text samples/text/evening-post.txt --steps 2 --batch 2 --window 128 --out runs/trained")
    {
        _precision.AcceptOnlyFromAmong(nameof(ElementType.BF16), nameof(ElementType.F32));
        Add(_config);
        foreach (Option option in (Option[])[_tokenizer, _text, _out, .. _training.Options, _heldOut, _heldOutWindows, _evaluateEvery, _saveEvery, _logEvery, _resume, _precision])
        {
            Add(option);
        }
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        ConfigDocument document = ConfigDocument.Read(parsed.GetValue(_config)!);
        ModelConfig config = ModelConfigReader.Read(document);
        long seed = parsed.GetValue(Seed) ?? 0;
        TrainingOptions options = _training.Read(parsed, config.ContextLength, seed);
        CheckIntervals(parsed);
        string folder = parsed.GetValue(_out)!;
        string state = Path.Combine(folder, TrainingState.FileName);
        CheckFolder(folder, state, parsed.GetValue(_resume));
        TrainingText text = ReadTexts(parsed, config, options.Window);

        using var team = new ThreadTeam(Threads(parsed));
        using ModelParameters weights = ModelParameters.Random(config, seed);
        using var trainer = new Trainer(weights, text.Ids, options, team, text.Name);
        Directory.CreateDirectory(folder);
        using FolderLock held = FolderLock.TryTake(folder)
            ?? throw new UsageException($"'{folder}': training is in use by another process, expected only one. Wait for it to end, or end it.");
        AtomicFile.DeleteTemporaries(folder);
        if (parsed.GetValue(_resume) && TrainingState.Load(state, trainer, document.Hash) is [_, ..] former)
        {
            terminal.Error.WriteLine($"Behind step {trainer.Optimizer.Step} other options hold; so far they were {string.Join(", ", former)}.");
        }

        var loop = new TrainingLoop(trainer, () => trainer.Evaluate(text.HeldOut), state, Path.Combine(folder, "training.jsonl"))
        {
            LogEvery = parsed.GetValue(_logEvery),
            EvaluateEvery = parsed.GetValue(_evaluateEvery),
            SaveEvery = parsed.GetValue(_saveEvery),
            Start = document.Hash,
            Progress = Json(parsed) || options.Steps < parsed.GetValue(_logEvery) ? null : new TrainingDisplay(terminal, everyLine: parsed.GetResult(_logEvery) is { Implicit: false }),
        };
        try
        {
            loop.Run(cancellationToken);
        }
        catch (TrainingInterruptedException) when (File.Exists(state))
        {
            terminal.Error.WriteLine($"{terminal.LineEnd}Give the same command with --resume, and another rate where a loss exploded, to go on from the state.");
            throw;
        }
        catch (OperationCanceledException)
        {
            string step = File.Exists(state) ? $"behind step {trainer.Optimizer.Step}. Give the same command with --resume to go on." : "before the first step.";
            terminal.Error.WriteLine($"{terminal.LineEnd}Stopped {step}");
            throw;
        }

        TrainedModel.Write(folder, weights, document, parsed.GetValue(_tokenizer)!, parsed.GetValue(_precision));
        Write(terminal, trainer, loop, folder, text.HeldOut, Json(parsed));
        return ExitCodes.Success;
    }

    private void CheckIntervals(ParseResult parsed)
    {
        foreach (Option<long> option in (Option<long>[])[_evaluateEvery, _saveEvery, _logEvery])
        {
            if (parsed.GetValue(option) < 1)
            {
                throw new UsageException($"{option.Name} is {parsed.GetValue(option)}, expected 1 step or more.");
            }
        }

        if (parsed.GetValue(_heldOutWindows) < 1)
        {
            throw new UsageException($"{_heldOutWindows.Name} is {parsed.GetValue(_heldOutWindows)}, expected 1 window or more.");
        }
    }

    private static void CheckFolder(string folder, string state, bool resume)
    {
        string[] model = [ModelFolder.ConfigName, ModelFolder.WeightsName, ModelFolder.IndexName];
        if (!resume && !File.Exists(state) && Array.Find(model, name => File.Exists(Path.Combine(folder, name))) is { } found)
        {
            throw new UsageException($"'{Path.Combine(folder, found)}' exists, expected a folder without a model. Give another folder: nothing of that model would be kept.");
        }

        if (File.Exists(state) != resume)
        {
            throw new UsageException(resume
                ? $"--resume is given and '{state}' does not exist, expected the state of a training."
                : $"'{state}' exists, expected a folder without a training. Give --resume to go on with it, or another folder.");
        }
    }

    private TrainingText ReadTexts(ParseResult parsed, ModelConfig config, int window)
    {
        string folder = parsed.GetValue(_tokenizer)!;
        int? end = config.EndOfText is [int first, ..] ? first : null;
        return TrainingText.Read(
            Tokenizer.Load(folder), folder, config.VocabularySize, end, parsed.GetValue(_text)!, parsed.GetValue(_heldOut), window, parsed.GetValue(_heldOutWindows));
    }

    private static void Write(Terminal terminal, Trainer trainer, TrainingLoop loop, string folder, int[][] heldOut, bool json)
    {
        long tokens = trainer.TokensSeen;
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["parameters"] = trainer.Weights.Layout.Count,
                ["steps"] = trainer.Optimizer.Step,
                ["tokens"] = tokens,
                ["epochs"] = (double)tokens / trainer.Options.Window / trainer.WindowsPerEpoch,
                ["loss"] = loop.Loss,
                ["heldOutLoss"] = loop.HeldOutLoss,
                ["heldOutWindows"] = heldOut.Length,
                ["seconds"] = loop.Seconds,
                ["tokensPerSecond"] = loop.Rate,
                ["model"] = folder,
            });
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("training", "");
        table.AddRow("parameters", Quantity.Count(trainer.Weights.Layout.Count));
        table.AddRow("steps", Quantity.Count(trainer.Optimizer.Step));
        table.AddRow("tokens seen", $"{Quantity.Count(tokens)}, {Quantity.Figure((double)tokens / trainer.Options.Window / trainer.WindowsPerEpoch, 2)} epochs");
        table.AddRow("loss of the last step", loop.Loss is { } loss ? $"{Quantity.Figure(loss, 4)} nats per token" : "-");
        table.AddRow("held-out loss", $"{Quantity.Figure(loop.HeldOutLoss, 4)} nats per token, {Quantity.Count(heldOut.Length)} windows");
        table.AddRow("time", $"{Quantity.Duration(loop.Seconds)}, {Quantity.Count((long)loop.Rate)} tokens a second");
        terminal.Tables.Write(table);
        terminal.Output.WriteLine($"The model lies in {folder}");
    }
}
