using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Evaluation.Speed;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Runs;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Measures how fast a model reads and writes.</summary>
internal sealed class BenchCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string?> _against = new Option<string?>("--against") { Description = "Model to compare with, in turns. Default: the source, where MODEL is a run", HelpName = "model" }.RefuseEmpty();
    private readonly Option<string?> _markdown = new Option<string?>("--markdown") { Description = "Write the table in Markdown too", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string?> _out = new Option<string?>("--out", "-o", "--output") { Description = "Write the measurement as JSON too. Default: bench.json in the folder, where MODEL is a run beside its source", HelpName = "path" }.RefuseEmpty();
    private readonly SpeedArguments _speed = new();

    public BenchCommand()
        : base(
            "bench",
            "Measures tokens a second, time to the first token and memory, beside another model where one is given.",
            "niwaki bench samples/novels-4m --batch 1 --lengths 12+16 --rounds 1")
    {
        Add(_model);
        foreach (Option option in (Option[])[_against, .. _speed.Options, _markdown, _out])
        {
            Add(option);
        }
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        SpeedOptions options = _speed.Read(parsed);
        string path = parsed.GetValue(_model)!;
        string? run = File.Exists(Path.Combine(path, RunFolder.RecipeName)) ? path : null;
        RunFacts? facts = run is not null && File.Exists(Path.Combine(run, RunFolder.ReportName)) ? RunFacts.Read(run) : null;
        string? against = parsed.GetValue(_against) ?? (run is null ? null : FindSource(run, facts, terminal));
        string[] names = against is null ? [path] : [path, against];
        string? file = parsed.GetValue(_out), markdown = parsed.GetValue(_markdown);

        // Alone, or beside another model, the figures are not those that the folder of a run is for.
        string? kept = file is null && against is not null && parsed.GetValue(_against) is null ? run : null;
        foreach (string target in ((string?[])[file, markdown, kept is null ? null : Path.Combine(kept, SpeedReport.FileName)]).OfType<string>())
        {
            AtomicFile.ThrowIfUnwritable(target);
        }

        SpeedReport report = Measure(parsed, terminal, names, options, cancellationToken);
        try
        {
            Show(terminal, report, Json(parsed));
        }
        finally
        {
            Write(report, kept, facts, file, markdown, terminal);
        }

        return ExitCodes.Success;
    }

    private static string? FindSource(string run, RunFacts? facts, Terminal terminal) => RunSource.Find(
        facts?.Recipe ?? Recipe.Load(Path.Combine(run, RunFolder.RecipeName)), facts?.Plan, terminal, "the pruned model is measured alone. Give --against to compare.");

    private static void Write(SpeedReport report, string? kept, RunFacts? facts, string? file, string? markdown, Terminal terminal)
    {
        if (kept is not null)
        {
            Keep(report, kept, facts, terminal);
        }

        if (file is not null)
        {
            report.Write(file);
        }

        if (markdown is not null)
        {
            AtomicFile.WriteAllText(markdown, SpeedTable.Markdown(report));
        }
    }

    /// <summary>A measurement beside the source stays in the folder of the run and, where that has ended, goes on its card too.</summary>
    private static void Keep(SpeedReport report, string run, RunFacts? facts, Terminal terminal)
    {
        if (facts is not null && !RunCard.AddSpeed(facts, report))
        {
            terminal.Error.WriteLine("The card of the model, README.md, is not as Niwaki wrote it: it stays without the speed.");
        }

        report.Write(Path.Combine(run, SpeedReport.FileName));
    }

    private SpeedReport Measure(ParseResult parsed, Terminal terminal, string[] names, SpeedOptions options, CancellationToken cancellationToken)
    {
        long? memory = Memory(parsed) / names.Length; // all are in memory together
        using var team = new ThreadTeam(Threads(parsed));
        using var checkpoint = Checkpoint.Open(names[0]);
        using Transformer model = Load(checkpoint, team, memory);
        using Checkpoint? otherCheckpoint = names.Length > 1 ? Checkpoint.Open(names[1]) : null;
        using Transformer? other = otherCheckpoint is null ? null : Load(otherCheckpoint, team, memory);
        (string, Transformer)[] models = other is null ? [(names[0], model)] : [(names[0], model), (names[1], other)];
        options = Fitting(options, models.Min(pair => pair.Item2.Config.ContextLength), terminal);
        string version = typeof(SpeedReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        using var display = ProgressDisplay.Start(terminal, quiet: Json(parsed));
        return new SpeedBenchmark(options, display).Measure(models, Machine.Describe(), team.Size, version, cancellationToken);
    }

    private static Transformer Load(Checkpoint checkpoint, ThreadTeam team, long? memory) =>
        Transformer.Load(checkpoint, ModelConfigReader.Read(checkpoint), team, new TransformerOptions { MemoryBytes = memory });

    /// <summary>The lengths that the context of the models has room for.</summary>
    private static SpeedOptions Fitting(SpeedOptions options, int context, Terminal terminal)
    {
        (int Prompt, int Generated)[] fitting = [.. options.Lengths.Where(length => length.Prompt + length.Generated <= context)];
        string left = string.Join(", ", options.Lengths.Except(fitting).Select(length => string.Create(CultureInfo.InvariantCulture, $"{length.Prompt}+{length.Generated}")));
        if (fitting.Length == 0)
        {
            throw new UsageException($"Lengths are {left} tokens, expected at most the context of {context}. Give others with --lengths.");
        }

        if (left.Length > 0)
        {
            terminal.Error.WriteLine($"Left out because the context has {context} tokens: {left}.");
        }

        return options with { Lengths = fitting };
    }

    private static void Show(Terminal terminal, SpeedReport report, bool json)
    {
        if (json)
        {
            terminal.WriteJson(JsonNode.Parse(report.ToJson())!.AsObject());
            return;
        }

        IReadOnlyList<string> headers = SpeedTable.Headers(report);
        var table = new Table().Border(TableBorder.Rounded).AddColumns([.. headers.Select(Markup.Escape)]);
        foreach (IReadOnlyList<string> row in SpeedTable.Rows(report))
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine(SpeedTable.Explanation(report));
    }
}
