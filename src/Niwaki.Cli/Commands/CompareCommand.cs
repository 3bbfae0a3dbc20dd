using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Formats;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Shows several runs or models in one table.</summary>
internal sealed class CompareCommand : Verb
{
    private readonly Argument<string[]> _models = new Argument<string[]>("models")
    {
        Description = "Run folders of runs that have ended, model folders or GGUF files",
        Arity = ArgumentArity.OneOrMore,
    }.RefuseEmpty();

    private readonly Option<string?> _markdown = new Option<string?>("--markdown") { Description = "Write the table in Markdown too", HelpName = "path" }.RefuseEmpty();
    private readonly Option<string?> _html = new Option<string?>("--html") { Description = "Write the table as a page too", HelpName = "path" }.RefuseEmpty();

    public CompareCommand()
        : base(
            "compare",
            "Shows several runs or models in one table; figures that were measured in different ways stand in columns of their own.",
            "niwaki compare samples/novels-4m samples/novels-4m")
    {
        Add(_models);
        Add(_markdown);
        Add(_html);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        var comparison = new Comparison([.. parsed.GetValue(_models)!.Select(ComparedModel.Read)]);
        if (parsed.GetValue(_markdown) is { } markdown)
        {
            AtomicFile.WriteAllText(markdown, comparison.ToMarkdown());
        }

        if (parsed.GetValue(_html) is { } html)
        {
            AtomicFile.WriteAllText(html, comparison.ToHtml());
        }

        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject { ["models"] = new JsonArray([.. comparison.Models.Select(model => (JsonNode)ToJson(model))]) });
            return ExitCodes.Success;
        }

        // Turned round: a terminal has room for a few models, and for any number of figures below each other.
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (IReadOnlyList<string> row in comparison.Rows)
        {
            table.AddColumn(Markup.Escape(row[0]));
        }

        for (int figure = 1; figure < comparison.Headers.Count; figure++)
        {
            table.AddRow([comparison.Headers[figure], .. comparison.Rows.Select(row => Markup.Escape(row[figure]))]);
        }

        terminal.Tables.Write(table);
        foreach (string note in comparison.Notes)
        {
            terminal.Output.WriteLine(note);
        }

        return ExitCodes.Success;
    }

    private static JsonObject ToJson(ComparedModel model) => new()
    {
        ["model"] = model.Name,
        ["method"] = model.Method,
        ["sparsity"] = model.Sparsity,
        ["parameters"] = model.Parameters,
        ["weightBytes"] = model.WeightBytes,
        ["evaluation"] = model.Measured is { } identity
            ? new JsonObject
            {
                ["protocol"] = identity.Protocol,
                ["window"] = identity.Window,
                ["tokens"] = identity.Tokens,
                ["file"] = identity.File,
                ["sha256"] = identity.Fingerprint,
                ["lossBefore"] = model.LossBefore,
                ["lossAfter"] = model.LossAfter,
            }
            : null,
        ["speed"] = model.Speed is { } speed ? JsonNode.Parse(speed.ToJson()) : null,
    };
}
