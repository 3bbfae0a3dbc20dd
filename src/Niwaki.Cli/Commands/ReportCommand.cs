using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Formats;
using Niwaki.Generation;

namespace Niwaki.Cli.Commands;

/// <summary>Writes a run as one HTML page.</summary>
internal sealed class ReportCommand : Verb
{
    /// <summary>Tokens of an evaluation window that a sample text begins with.</summary>
    private const int PromptTokens = 24;

    private readonly Argument<string> _run = new Argument<string>("run") { Description = "Run folder of a run that has ended" }.RefuseEmpty();
    private readonly Option<string?> _out = new Option<string?>("--out", "-o", "--output") { Description = "Page to write. Default: report.html in the run folder", HelpName = "path" }.RefuseEmpty();
    private readonly Option<int> _samples = new("--samples") { Description = "Texts that both models continue; 0: none, the models are not run", DefaultValueFactory = _ => 3, HelpName = "count" };
    private readonly Option<int> _tokens = new("--sample-tokens") { Description = "Most tokens of such a text", DefaultValueFactory = _ => 60, HelpName = "tokens" };

    public ReportCommand()
        : base("report", "Writes what a run did and what it cost as one HTML page that needs no network.", "niwaki report runs/first")
    {
        Add(_run);
        Add(_out);
        Add(_samples);
        Add(_tokens);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string folder = parsed.GetValue(_run)!;
        int count = parsed.GetValue(_samples);
        int tokens = parsed.GetValue(_tokens);
        if (count is < 0 or > 100 || tokens is < 1 or > 10_000)
        {
            throw new UsageException($"Samples are {count} of {tokens} tokens, expected 0 to 100 of 1 to 10,000 tokens.");
        }

        var facts = RunFacts.Read(folder);
        if (count > 0)
        {
            facts = facts with { Samples = ReadOrWrite(parsed, terminal, facts, count, tokens, cancellationToken) };
        }

        string path = parsed.GetValue(_out) ?? Path.Combine(folder, RunFacts.PageName);
        string page = RunPage.Write(facts, RuntimeFit.Of(folder));
        AtomicFile.WriteAllText(path, page);
        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject { ["page"] = path, ["samples"] = facts.Samples?.Texts.Count ?? 0, ["speed"] = facts.Speed is not null });
        }
        else
        {
            terminal.Output.WriteLine($"{path}: open it in a browser.");
        }

        return ExitCodes.Success;
    }

    /// <summary>The sample texts of the run folder where they are those asked for, else new ones, which it keeps.</summary>
    private SampleTexts ReadOrWrite(ParseResult parsed, Terminal terminal, RunFacts facts, int count, int tokens, CancellationToken cancellationToken)
    {
        const double Temperature = 0.8;
        long seed = parsed.GetValue(Seed) ?? 0;
        int wanted = Math.Min(count, facts.Evaluation.Windows.Length);
        string? source = RunSource.Find(facts.Recipe, facts.Plan, terminal, "sample texts of the pruned model only.");
        if (facts.Samples is { } kept && kept.Seed == seed && kept.Tokens == tokens && kept.Texts.Count == wanted && (source is null || kept.Texts.All(text => text.Before is not null)))
        {
            return kept;
        }

        int[][] prompts = [.. facts.Evaluation.Windows.Take(wanted).Select(window => window[..Math.Min(window.Length, PromptTokens)])];
        var sampling = new SamplingOptions(Temperature, 0, 0.95, seed);
        int models = source is null ? 1 : 2, written = 0;
        using var display = ProgressDisplay.Start(terminal, quiet: Json(parsed), hasStages: false);
        List<string> Continue(string folder, string name, out string[] beginnings)
        {
            using LoadedModel model = LoadedModel.Open(folder, Threads(parsed), Memory(parsed));
            beginnings = [.. prompts.Select(ids => model.Tokenizer.Decode(ids))];
            var texts = new List<string>();
            foreach (int[] prompt in prompts)
            {
                display.Report($"texts of the {name} model", (double)written++ / (models * wanted), 0, null);
                texts.AddRange(SampleTexts.Continue(model.Transformer, model.Tokenizer, [prompt], sampling, tokens, cancellationToken));
            }

            return texts;
        }

        List<string> after = Continue(facts.Folder, "pruned", out string[] shown);
        List<string>? before = source is null ? null : Continue(source, "dense", out _);
        var samples = new SampleTexts(Temperature, seed, tokens, [.. shown.Select((prompt, i) => new SampleText(prompt, before?[i], after[i]))]);
        samples.Write(Path.Combine(facts.Folder, SampleTexts.FileName));
        return samples;
    }
}
