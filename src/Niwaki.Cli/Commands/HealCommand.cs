using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Healing;
using Niwaki.Kernels;
using Niwaki.Runs;
using Niwaki.Training;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Trains a pruned model.</summary>
internal sealed class HealCommand : Verb
{
    private readonly Argument<string?> _model = new Argument<string?>("model")
    {
        Description = "Run folder, or model folder; may be left out where the recipe names one",
        Arity = ArgumentArity.ZeroOrOne,
    }.RefuseEmpty();

    private readonly Option<string?> _out = new Option<string?>("--out", "-o", "--output", "--output_dir") { Description = "Folder to make. Default: 'healed' in the run folder", HelpName = "folder" }.RefuseEmpty();
    private readonly HealingArguments _recipe = new();
    private readonly Option<bool> _adapter = new("--adapter") { Description = "Save adapters in the layout of PEFT instead of merging them into a copy of the model" };
    private readonly Option<IReadOnlyList<long>?> _readOff = new("--read-off")
    {
        Description = "Numbers of tokens behind which the held-out loss is measured and logged too, such as 250000,1000000",
        HelpName = "tokens",
        CustomParser = ParseCounts,
    };

    private readonly Option<long> _logEvery = new("--log-every") { Description = "Steps between two lines of the log; where it is given, they are shown too", DefaultValueFactory = _ => 10, HelpName = "steps" };
    private readonly Option<long> _evaluateEvery = new("--evaluate-every") { Description = "Steps between two measurements", DefaultValueFactory = _ => 500, HelpName = "steps" };
    private readonly Option<long> _saveEvery = new("--save-every") { Description = "Steps between two saved states", DefaultValueFactory = _ => 500, HelpName = "steps" };
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on with the healing in the folder, to the same bits" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Take a few steps and tell the time and memory that the healing would need" };

    public HealCommand()
        : base(
            "heal",
            "Trains a pruned model: all weights, adapters, or sub-layers one by one; measures it before and after and writes the result beside it.",
            "niwaki heal samples/novels-4m --text samples/text/evening-post.txt --steps 2 --batch 2 --window 128 --held-out-window 64 --out runs/healed")
    {
        Add(_model);
        foreach (Option option in (Option[])[_out, .. _recipe.Options, _adapter, _readOff, _logEvery, _evaluateEvery, _saveEvery, _resume, _dryRun])
        {
            Add(option);
        }
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        HealingRecipe recipe = _recipe.Read(parsed);
        recipe = recipe with { Model = parsed.GetValue(_model).Beside(recipe.WorkingFolder) ?? recipe.Model, Seed = parsed.GetValue(Seed) ?? recipe.Seed };
        recipe.Validate();
        CheckIntervals(parsed);
        using var team = new ThreadTeam(Threads(parsed));
        HealingRunOptions options = RunOptions(parsed, terminal, team);
        if (parsed.GetValue(_dryRun))
        {
            Write(terminal, HealingRun.Estimate(recipe, options, cancellationToken), Json(parsed));
            return ExitCodes.Success;
        }

        string folder = parsed.GetValue(_out) ?? DefaultFolder(recipe);
        HealingReport report;
        try
        {
            report = HealingRun.Execute(recipe, folder, options, cancellationToken);
        }
        catch (Exception exception) when (CanBeResumed(exception) && File.Exists(Path.Combine(folder, HealingRecipe.FileName)) && !File.Exists(Path.Combine(folder, HealingReport.FileName)))
        {
            terminal.Error.WriteLine(terminal.LineEnd + "Give the same command with --resume to go on.");
            throw;
        }

        Write(terminal, report, folder, parsed.GetValue(_adapter), Json(parsed));
        return ExitCodes.Success;
    }

    /// <summary>Whether the same command may get further: stopped, or no room on a disk. A loss that exploded would explode again.</summary>
    private static bool CanBeResumed(Exception exception) =>
        exception is OperationCanceledException or IOException or TrainingInterruptedException { InnerException: IOException or UnauthorizedAccessException };

    private HealingRunOptions RunOptions(ParseResult parsed, Terminal terminal, ThreadTeam team)
    {
        bool quiet = Json(parsed);
        bool everyLine = parsed.GetResult(_logEvery) is { Implicit: false };
        return new HealingRunOptions
        {
            Team = team,
            MemoryBytes = Memory(parsed),
            Resume = parsed.GetValue(_resume),
            SaveAdapter = parsed.GetValue(_adapter),
            LogEvery = parsed.GetValue(_logEvery),
            EvaluateEvery = parsed.GetValue(_evaluateEvery),
            SaveEvery = parsed.GetValue(_saveEvery),
            ReadOffs = parsed.GetValue(_readOff) ?? [],
            Progress = stage => quiet ? null : new TrainingDisplay(terminal, stage + ", ", everyLine),
            Reconstructed = quiet ? null : new ReconstructionDisplay(terminal),
        };
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
    }

    private string DefaultFolder(HealingRecipe recipe)
    {
        string path = recipe.FullPath(recipe.Model!);
        return File.Exists(Path.Combine(path, RunFolder.RecipeName))
            ? Path.Combine(path, "healed")
            : throw new UsageException($"'{recipe.Model}' is no run folder and {_out.Name} is not given, expected a folder to write to. Give {_out.Name}.");
    }

    private static void Write(Terminal terminal, HealingEstimate estimate, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["seconds"] = estimate.Seconds,
                ["memoryBytes"] = estimate.MemoryBytes,
                ["tokens"] = estimate.Tokens,
                ["trainedParameters"] = estimate.TrainedParameters,
            });
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("the healing would need", "");
        table.AddRow("time", $"about {Quantity.Duration(estimate.Seconds)}, from a few steps now");
        table.AddRow("memory", $"{Quantity.Bytes(estimate.MemoryBytes)} for weights, gradients, moments and activations");
        table.AddRow("tokens", Quantity.Count(estimate.Tokens));
        table.AddRow("trained parameters", Quantity.Count(estimate.TrainedParameters));
        terminal.Tables.Write(table);
    }

    private static void Write(Terminal terminal, HealingReport report, string folder, bool adapter, bool json)
    {
        string written = Path.Combine(folder, adapter ? "adapter" : "model");
        if (json)
        {
            JsonObject result = report.ToJson();
            result[adapter ? "adapter" : "model"] = written;
            terminal.WriteJson(result);
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("healing", "");
        table.AddRow("stages", string.Join(", ", report.Stages));
        table.AddRow("tokens", Quantity.Count(report.Tokens));
        table.AddRow("held-out loss before", $"{Quantity.Figure(report.HeldOutLossBefore, 4)} nats per token, {Quantity.Count(report.HeldOutTokens)} tokens");
        table.AddRow("held-out loss after", $"{Quantity.Figure(report.HeldOutLossAfter, 4)} nats per token");
        table.AddRow("time", Quantity.Duration(report.Seconds));
        terminal.Tables.Write(table);
        if (report.MadeWorse)
        {
            terminal.Output.WriteLine("Healing made the model worse. Both are kept: the model that was given is as it was.");
        }

        terminal.Output.WriteLine($"{(adapter ? "The adapters lie" : "The healed model lies")} in {written}");
    }

    private static List<long>? ParseCounts(ArgumentResult result)
    {
        string text = string.Join(',', result.Tokens.Select(token => token.Value));
        var counts = new List<long>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count < 1)
            {
                result.AddError($"Numbers of tokens are '{text}', expected whole numbers above 0 with commas between them.");
                return null;
            }

            counts.Add(count);
        }

        return counts;
    }
}
