using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Niwaki.Cli;

/// <summary>Entry point of the command line.</summary>
internal static class Program
{
    [SuppressMessage("Design", "CA1031", Justification = "The top of the process: whatever happens ends with a message and an exit code.")]
    private static int Main(string[] args)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var cancellation = new CancellationTokenSource();

        // The first signal ends the run after the evaluation at hand; a second one ends the process as usual.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return NiwakiCommandLine.Run(args, Console.Out, Console.Error, cancellation.Token);
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine($"An error of Niwaki itself, please report it: {exception}");
            return ExitCodes.Failure;
        }
    }
}
