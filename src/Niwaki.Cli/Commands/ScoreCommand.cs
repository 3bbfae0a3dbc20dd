using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Evaluation;
using Spectre.Console;

namespace Niwaki.Cli.Commands;

/// <summary>Token ids and log-probabilities of a text.</summary>
internal sealed class ScoreCommand : Verb
{
    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string?> _text = new("--text") { Description = "The text" };
    private readonly Option<string?> _file = new Option<string?>("--file") { Description = "File that holds the text, in UTF-8", HelpName = "path" }.RefuseEmpty();

    public ScoreCommand()
        : base(
            "score",
            "Gives the id and the log-probability of every token of a text.",
            "niwaki score samples/novels-4m --text \"It was a dark and stormy night.\"")
    {
        Add(_model);
        Add(_text);
        Add(_file);
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string text = TextArgument.Read(parsed, _text, _file);
        using LoadedModel model = LoadedModel.Open(parsed.GetValue(_model)!, Threads(parsed), Memory(parsed));
        int[] ids = model.Encode(text);
        IReadOnlyList<TokenScore> scores;
        using (var display = ProgressDisplay.Start(terminal, quiet: Json(parsed), hasStages: false))
        {
            scores = TokenScores.Measure(model.Transformer, model.Tokenizer, ids, new PassDisplay(display, "scoring"), cancellationToken);
        }

        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject
            {
                ["tokens"] = new JsonArray([.. scores.Select(score => new JsonObject
                {
                    ["id"] = score.Id,
                    ["text"] = score.Text,
                    ["logProbability"] = score.LogProbability,
                })]),
            });
            return ExitCodes.Success;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "text", "log-probability");
        foreach (TokenScore score in scores)
        {
            table.AddRow(
                new Text(score.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                new Text(score.Text),
                new Text(score.LogProbability is { } value ? Quantity.Figure(value, 4) : "-"));
        }

        terminal.Tables.Write(table);
        return ExitCodes.Success;
    }
}
