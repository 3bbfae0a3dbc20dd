using System.CommandLine;
using Niwaki.Cli.Arguments;
using Niwaki.Cli.Output;
using Niwaki.Pruning;
using Niwaki.Runs;

namespace Niwaki.Cli.Commands;

/// <summary>Continues a run that was stopped or killed.</summary>
internal sealed class ResumeCommand : Verb
{
    private readonly Argument<string> _run = new Argument<string>("run") { Description = "Run folder" }.RefuseEmpty();

    public ResumeCommand()
        : base("resume", "Continues a run that was stopped, to the same result; shows the result of one that has ended.", "niwaki resume runs/first") => Add(_run);

    public override int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Seed) is not null)
        {
            throw new UsageException("--seed is given, expected none: the run has its own in recipe.yaml.");
        }

        string path = parsed.GetValue(_run)!;
        var settings = new PruningRunOptions { Threads = Threads(parsed), MemoryBytes = Memory(parsed) };
        RunReport report = RunOutput.Follow(terminal, path, Json(parsed), settings, options => PruningRun.Resume(path, options, cancellationToken));
        RunOutput.Write(terminal, report, path, Json(parsed));
        return ExitCodes.Success;
    }
}
