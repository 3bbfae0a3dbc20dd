using System.CommandLine;
using System.Text.Json.Nodes;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Pruning;
using Niwaki.Runs;

namespace Niwaki.Cli.Commands;

/// <summary>Decides the last round of a Bonsai run anew from what it has recorded.</summary>
internal sealed class RefitCommand : Verb
{
    private readonly Argument<string> _run = new Argument<string>("run") { Description = "Run folder of a run that has ended" }.RefuseEmpty();
    private readonly Option<string> _out = new Option<string>("--out", "-o") { Description = "Folder to make, for the plan and the model", Required = true, HelpName = "folder" }.RefuseEmpty();
    private readonly BonsaiArguments _bonsai = new();

    public RefitCommand()
        : base(
            "refit",
            "Decides the last round of a bonsai run anew with other settings of its regression, without a pass through the model.",
            "niwaki refit runs/first --ridge 0.1 --out runs/refitted")
    {
        Add(_run);
        Add(_out);
        foreach (Option option in _bonsai.Fit)
        {
            Add(option);
        }
    }

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        string path = parsed.GetValue(_out)!;
        RunRefit refit = RunRefit.Make(
            parsed.GetValue(_run)!, path, options => _bonsai.ReadFit(parsed, options), Threads(parsed), cancellationToken);
        ReportedRound last = refit.Rounds[^1];
        if (Json(parsed))
        {
            terminal.WriteJson(new JsonObject
            {
                ["sparsity"] = refit.SparsityReached,
                ["round"] = last.Round,
                ["crossValidatedR2"] = last.CrossValidatedR2,
                ["crossValidatedTau"] = last.CrossValidatedTau,
                ["nullTau"] = last.NullTau,
                ["sharedRemoved"] = refit.SharedRemoved,
                ["folder"] = path,
            });
            return ExitCodes.Success;
        }

        terminal.Output.WriteLine($"Round {last.Round} decided anew from {Quantity.Count(last.Evaluations)} recorded evaluations, no pass through the model.");
        if (last.CrossValidatedTau is { } tau)
        {
            terminal.Output.WriteLine(
                $"Held-out Kendall tau {Quantity.Figure(tau, 3)}, by chance {Quantity.Figure(last.NullTau ?? 0, 3)} ± {Quantity.Figure(last.NullTauDeviation ?? 0, 3)}.");
        }

        terminal.Output.WriteLine($"{Quantity.Share(refit.SharedRemoved)} of what the run removed goes here too.");
        terminal.Output.WriteLine($"Plan and model lie in {path}");
        return ExitCodes.Success;
    }
}
