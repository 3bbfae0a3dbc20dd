using System.Diagnostics;
using Niwaki.Cli;

namespace Niwaki.Tests.Cli;

/// <summary>Runs command lines, in this process or as a child.</summary>
internal static class CommandRunner
{
    /// <summary>Settings with which a run takes a moment.</summary>
    public static IReadOnlyList<string> Quick { get; } =
    [
        "--masks", "4", "--windows", "2", "--window", "32", "--evaluation-limit", "2", "--evaluation-window", "32", "--prune-fraction", "0.1",
        "--threads", "1",
    ];

    /// <summary>The sample model of the repository.</summary>
    public static string Sample => RepositoryFiles.Get("samples", "novels-4m");

    /// <summary>A sample text of the repository.</summary>
    public static string Text => RepositoryFiles.Get("samples", "text", "harbour-clock.txt");

    /// <summary>Another one, for what must not be measured on the text that decided.</summary>
    public static string OtherText => RepositoryFiles.Get("samples", "text", "evening-post.txt");

    /// <summary>Runs a command line on one thread where it does not say: threads that wait for each other are slow on a busy machine.</summary>
    public static CommandResult Run(params ReadOnlySpan<string> args)
    {
        using StringWriter output = new(), error = new();
        string[] all = args.IsEmpty || args.Contains("--threads") || args.Contains("--help") ? args.ToArray() : [.. args, "--threads", "1"];
        int code = NiwakiCommandLine.Run(all, output, error, TestContext.Current.CancellationToken);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Prunes with <see cref="Quick"/> settings.</summary>
    public static CommandResult Prune(string model, string run, params ReadOnlySpan<string> more) => Run(["prune", model, "--out", run, .. Quick, .. more]);

    /// <summary>Runs until the error stream shows a text, then cancels as Ctrl-C does.</summary>
    public static CommandResult RunUntil(string shown, params ReadOnlySpan<string> args)
    {
        using var cancellation = new CancellationTokenSource();
        using StringWriter output = new();
        using var error = new CancellingWriter(shown, cancellation);
        int code = NiwakiCommandLine.Run(args.ToArray(), output, error, cancellation.Token);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Starts a command line under a shell, as a process of its own; skips where there is no such shell.</summary>
    /// <param name="script">What the shell does; "$@" is the command line.</param>
    /// <param name="args">Arguments without the name of the program.</param>
    public static Process Start(string script, params ReadOnlySpan<string> args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs signals and limits of Linux.");
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string arg in (ReadOnlySpan<string>)["-c", script, "sh", Path.Combine(AppContext.BaseDirectory, "Niwaki.Cli"), .. args])
        {
            start.ArgumentList.Add(arg);
        }

        return Process.Start(start)!;
    }

    private sealed class CancellingWriter(string shown, CancellationTokenSource cancellation) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(shown, StringComparison.Ordinal) == true)
            {
                cancellation.Cancel();
            }
        }
    }
}
