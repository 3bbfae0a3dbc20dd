using Niwaki.Evaluation.Speed;
using Niwaki.Evaluation.Tasks;
using Niwaki.Pruning.Decisions;
using Spectre.Console;

namespace Niwaki.Cli.Output;

/// <summary>Shows how far long work is, with its rate, the time left and the latest loss: a bar for a person, else a line for each stage where there are several, and one a minute.</summary>
internal sealed class ProgressDisplay : IProgress<PruningProgress>, IProgress<SpeedProgress>, IProgress<TaskProgress>, IDisposable
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromMinutes(1);

    private readonly Terminal _terminal;
    private readonly bool _quiet;
    private readonly bool _hasStages;
    private readonly TimeProvider _time;
    private readonly Pace _pace;
    private readonly ManualResetEventSlim _ended = new();
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private Task? _drawing;
    private ProgressTask? _bar;
    private string? _stage;
    private string _state = "";
    private long _lastLine;

    private ProgressDisplay(Terminal terminal, bool quiet, bool hasStages, TimeProvider time)
    {
        _terminal = terminal;
        _quiet = quiet;
        _hasStages = hasStages;
        _time = time;
        _pace = new Pace(time);
        _lastLine = time.GetTimestamp();
        _timer = time.CreateTimer(_ => WriteWhereDue(), null, LineInterval, LineInterval / 4);
    }

    /// <summary>Begins to show progress.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="quiet">Show nothing unless a person looks at it.</param>
    /// <param name="hasStages">Whether a line is written where a stage begins; work that may take a second has none.</param>
    /// <param name="time">The clock; null: that of the system.</param>
    public static ProgressDisplay Start(Terminal terminal, bool quiet, bool hasStages = true, TimeProvider? time = null)
    {
        var display = new ProgressDisplay(terminal, quiet, hasStages, time ?? TimeProvider.System);
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
        Report(value.Stage, value.Done, value.Tokens, value.Loss);
    }

    /// <inheritdoc />
    public void Report(SpeedProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Report(value.Stage, value.Done, value.Tokens, null);
    }

    /// <inheritdoc />
    public void Report(TaskProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Report($"{value.Task}, {Quantity.Count(value.Done)} of {Quantity.Count(value.Documents)} documents", (double)value.Done / value.Documents, value.Tokens, null);
    }

    /// <summary>Shows how far the work is.</summary>
    /// <param name="stage">What is being done.</param>
    /// <param name="done">Share of all of it that is done, 0 to 1.</param>
    /// <param name="tokens">Tokens so far; 0 where they are not counted.</param>
    /// <param name="loss">Latest loss in nats per token, if there is one.</param>
    public void Report(string stage, double done, long tokens, double? loss)
    {
        lock (_lock)
        {
            bool begins = _hasStages && stage != _stage;
            _stage = stage;
            _pace.Add(done, tokens);
            string rate = _pace.TokensPerSecond is { } perSecond ? $", {Quantity.Count((long)perSecond)} tokens/s" : "";
            string latest = loss is { } nats ? $", loss {Quantity.Figure(nats, 4)}" : "";
            string left = _pace.SecondsLeft is { } seconds ? $", {Quantity.Duration(seconds)} left" : "";
            _state = $"{stage} ({Quantity.Share(done)} done{rate}{left}{latest})";
            if (_bar is not null)
            {
                _bar.Description = Markup.Escape(stage + latest + rate + left);
                _bar.Value = done * 100;
            }
            else if (begins)
            {
                WriteState();
            }
        }
    }

    /// <summary>Writes a line beside the progress, also where that is not shown: what a user has to know before the work goes on.</summary>
    public void WriteLine(string text) => _terminal.Error.WriteLine(text);

    /// <inheritdoc />
    public void Dispose()
    {
        _timer.Dispose();
        _ended.Set();
        _drawing?.Wait();
        _ended.Dispose();
    }

    /// <summary>Work that reports rarely, and work that reports often, both give a line a minute.</summary>
    private void WriteWhereDue()
    {
        lock (_lock)
        {
            if (_bar is null && _state.Length > 0 && _time.GetElapsedTime(_lastLine) >= LineInterval)
            {
                WriteState();
            }
        }
    }

    private void WriteState()
    {
        _lastLine = _time.GetTimestamp();
        if (!_quiet)
        {
            _terminal.Error.WriteLine(_state);
        }
    }

    private void Draw()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_terminal.Error) });
        using var started = new ManualResetEventSlim();
        _drawing = Task.Run(() => console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                _bar = context.AddTask("starting");
                started.Set();
                _ended.Wait();
            }));
        started.Wait();
    }
}
