using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Niwaki.Cli.Output;
using Niwaki.Evaluation;
using Niwaki.Export.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>The format <c>hf</c> of <see cref="ExportCommand"/>.</summary>
internal sealed class HuggingFaceExportPart
{
    /// <summary>The option <c>--pad-to</c>.</summary>
    public Option<PaddingTarget> PadTo { get; } = new("--pad-to")
    {
        Description = "padded: fill blocks up to the sizes of the whole model in config.json (those before pruning where blocks differ), or to the widest block",
        DefaultValueFactory = _ => PaddingTarget.Original,
    };

    /// <summary>Writes the folder, loads it back, compares it.</summary>
    public int Run(ParseResult parsed, Terminal terminal, HuggingFaceExportRun run, CancellationToken cancellationToken)
    {
        ShapeProfile profile = run.Profile ?? (ProfileRule.Of(ShapeProfile.Uniform).FaultOf(run.Config) is null ? ShapeProfile.Uniform : ShapeProfile.HeteroHf);
        var export = HuggingFaceExport.Plan(run.Checkpoint, run.Config, profile, new ExportOptions { PadTo = parsed.GetValue(PadTo) });
        string folder = run.Out ?? $"{run.Checkpoint.Name}-{ProfileRule.Of(profile).Name}";
        if (export.ModelType != run.Config.Architecture.ModelType && profile is not (ShapeProfile.HeteroHf or ShapeProfile.NemotronNas))
        {
            terminal.Error.WriteLine(
                $"{export.Shapes[0].Heads} query heads do not divide the hidden size {run.Config.HiddenSize}, which a '{run.Config.Architecture.ModelType}' must: written as '{export.ModelType}', the same arithmetic.");
        }

        using var team = new ThreadTeam(run.Threads);
        export.RequireMemory(team, run.Memory);
        LogitDifference difference;
        using (var display = ProgressDisplay.Start(terminal, run.Json))
        {
            export.Write(folder, new ByteProgress(display, $"writing {folder}", export.WeightBytes), cancellationToken);
            display.Report("comparing with the model", 1, 0, null);
            difference = export.Verify(folder, team, run.Memory, cancellationToken);
        }

        if (run.Json)
        {
            terminal.WriteJson(ToJson(export, folder, run.Config, difference));
        }
        else
        {
            Show(terminal, export, folder, run.Config, difference);
        }

        return ExitCodes.Success;
    }

    private static void Show(Terminal terminal, HuggingFaceExport export, string folder, ModelConfig config, LogitDifference difference)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("exported", Markup.Escape(folder));
        table.AddRow("profile", $"{ProfileRule.Of(export.Profile).Name}: {ProfileRule.Of(export.Profile).Runtimes}");
        table.AddRow("model_type", export.ModelType);
        table.AddRow("weights", Quantity.Bytes(export.WeightBytes));
        table.AddRow("filled up with zeros", export.IsPadded ? $"from {Quantity.Count(Parameters(config, config.Blocks))} to {Quantity.Count(Parameters(config, export.Shapes))} prunable parameters" : "nothing");
        table.AddRow("compared with the model", string.Create(CultureInfo.InvariantCulture, $"{difference.Tokens} tokens, largest relative difference {difference.LargestRelative:0.0e+0}"));
        terminal.Tables.Write(table);
    }

    private static long Parameters(ModelConfig config, IReadOnlyList<BlockShape> shapes) => ParameterCounter.Count(config with { Blocks = shapes }).Prunable;

    private static JsonObject ToJson(HuggingFaceExport export, string folder, ModelConfig config, LogitDifference difference) => new()
    {
        ["folder"] = folder,
        ["profile"] = ProfileRule.Of(export.Profile).Name,
        ["modelType"] = export.ModelType,
        ["weightBytes"] = export.WeightBytes,
        ["prunable"] = Parameters(config, config.Blocks),
        ["prunableWritten"] = Parameters(config, export.Shapes),
        ["tokensCompared"] = difference.Tokens,
        ["largestRelative"] = difference.LargestRelative,
    };
}
