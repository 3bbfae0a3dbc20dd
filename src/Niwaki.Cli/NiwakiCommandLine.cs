using System.CommandLine;
using System.CommandLine.Parsing;
using Niwaki.Cli.Commands;
using Niwaki.Cli.Output;
using Niwaki.Datasets;
using Niwaki.Formats;
using Niwaki.Runs;

namespace Niwaki.Cli;

/// <summary>The whole command line: parses arguments, runs a verb, turns errors into messages and exit codes.</summary>
internal static class NiwakiCommandLine
{
    private const string Description =
        """
        Makes large language models smaller with forward passes only.

        Example:
          niwaki prune samples/novels-4m --sparsity 0.3 --out runs/first
        """;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments without the name of the program.</param>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives progress, logs and error messages.</param>
    /// <param name="cancellationToken">Ends the verb after the step at hand.</param>
    /// <returns>Exit code, see <see cref="ExitCodes"/>.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var terminal = new Terminal(output, error);
        RootCommand root = Build(terminal, cancellationToken);
        // Texts and prompts may begin with "@", which names a file of arguments unless that is switched off.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && !AsksForHelp(parsed))
        {
            foreach (ParseError fault in parsed.Errors)
            {
                error.WriteLine(fault.Message);
            }

            error.WriteLine($"Try 'niwaki {VerbOf(parsed)}--help'.");
            return ExitCodes.Usage;
        }

        return Invoke(parsed, terminal, cancellationToken);
    }

    private static RootCommand Build(Terminal terminal, CancellationToken cancellationToken)
    {
        var root = new RootCommand(Description);
        Verb[] verbs =
        [
            new InspectCommand(), new PruneCommand(), new ResumeCommand(), new RefitCommand(), new EvalCommand(), new ScoreCommand(), new TokenizeCommand(), new GenerateCommand(),
            new TrainCommand(), new HealCommand(), new VerifyCommand(), new ExportCommand(), new BenchCommand(), new ReportCommand(), new CompareCommand(),
        ];
        foreach (Verb verb in verbs)
        {
            verb.SetAction(parsed => verb.Run(parsed, terminal, cancellationToken));
            root.Add(verb);
        }

        return root;
    }

    private static bool AsksForHelp(ParseResult parsed) => parsed.Tokens.Any(token => token.Value is "--help" or "-h" or "-?");

    private static string VerbOf(ParseResult parsed) => parsed.CommandResult.Command is Verb verb ? verb.Name + " " : "";

    /// <summary>Runs the verb; errors that a user can do something about become a message and an exit code.</summary>
    private static int Invoke(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Error.WriteLine("Stopped.");
            return ExitCodes.Cancelled;
        }
        catch (UsageException exception)
        {
            return Fail(terminal, exception, ExitCodes.Usage);
        }
        catch (RecipeException exception)
        {
            return Fail(terminal, exception, ExitCodes.Usage);
        }
        catch (ModelFormatException exception)
        {
            return Fail(terminal, exception, ExitCodes.ModelFile);
        }
        catch (UnsupportedModelException exception)
        {
            return Fail(terminal, exception, ExitCodes.ModelFile);
        }
        catch (DatasetException exception)
        {
            return Fail(terminal, exception, ExitCodes.Failure);
        }
        catch (OutOfMemoryException exception)
        {
            terminal.Error.WriteLine(
                $"Memory ran out: {exception.Message} Give --memory SIZE: weights that do not fit are read anew in every pass, with fewer windows at a time. "
                + "Training takes less with a smaller --batch.");
            return ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is NiwakiException or IOException or UnauthorizedAccessException)
        {
            return Fail(terminal, exception, ExitCodes.Failure);
        }
    }

    private static int Fail(Terminal terminal, Exception exception, int code)
    {
        terminal.Error.WriteLine(exception.Message);
        return code;
    }
}
