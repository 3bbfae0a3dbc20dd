using Niwaki.Pruning.Decisions;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>Shows how far a run is: a bar for a person, a line for each stage otherwise.</summary>
internal sealed class ProgressDisplay : IProgress<PruningProgress>, IDisposable
{
    private readonly Terminal _terminal;
    private readonly bool _quiet;
    private readonly ManualResetEventSlim _ended = new();
    private readonly Lock _lock = new();
    private Task? _drawing;
    private ProgressTask? _bar;
    private string? _stage;

    private ProgressDisplay(Terminal terminal, bool quiet)
    {
        _terminal = terminal;
        _quiet = quiet;
    }

    /// <summary>Begins to show progress.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="quiet">Show nothing unless a person looks at it.</param>
    public static ProgressDisplay Start(Terminal terminal, bool quiet)
    {
        var display = new ProgressDisplay(terminal, quiet);
        if (terminal.DrawsProgress)
        {
            display.Draw();
        }

        return display;
    }

    /// <inheritdoc />
    public void Report(PruningProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            bool changed = value.Stage != _stage;
            _stage = value.Stage;
            if (_bar is not null)
            {
                _bar.Description = Markup.Escape(value.Loss is { } loss ? $"{value.Stage}, loss {Quantity.Figure(loss, 3)}" : value.Stage);
                _bar.Value = value.Done * 100;
            }
            else if (changed)
            {
                WriteLine($"{value.Stage} ({Quantity.Share(value.Done)} done)");
            }
        }
    }

    /// <summary>Writes a line beside the progress.</summary>
    public void WriteLine(string text)
    {
        if (!_quiet)
        {
            _terminal.Error.WriteLine(text);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _ended.Set();
        _drawing?.Wait();
        _ended.Dispose();
    }

    private void Draw()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_terminal.Error) });
        using var started = new ManualResetEventSlim();
        _drawing = Task.Run(() => console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                _bar = context.AddTask("starting");
                started.Set();
                _ended.Wait();
            }));
        started.Wait();
    }
}
