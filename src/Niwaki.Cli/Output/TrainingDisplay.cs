using System.Globalization;
using Niwaki.Training;

namespace Niwaki.Cli.Output;

/// <summary>Shows the steps of a training: a bar for a person, else lines on the error stream, at most one a minute unless every one is asked for.</summary>
/// <param name="terminal">Where to write.</param>
/// <param name="stage">What the lines begin with, such as the name of a stage; empty: nothing.</param>
/// <param name="everyLine">Whether a line is written for every step that is logged.</param>
/// <param name="time">The clock; null: that of the system.</param>
internal sealed class TrainingDisplay(Terminal terminal, string stage = "", bool everyLine = false, TimeProvider? time = null) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private long? _lastLine;

    /// <inheritdoc />
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        string line = Line(value);
        if (terminal.DrawsProgress && !everyLine)
        {
            // One line that is written over: trainings last hours, and nobody reads thousands of lines. Measurements and the end stay.
            string end = value.Step.Number >= value.Steps || value.HeldOutLossNats is not null ? "\n" : "";
            int width = Math.Max(20, Console.WindowWidth - 1);
            terminal.Error.Write($"\r{(line.Length <= width ? line : line[..width])}\u001b[K{end}");
            return;
        }

        bool isDue = _lastLine is not { } last || _time.GetElapsedTime(last) >= LineInterval;
        if (everyLine || isDue || value.HeldOutLossNats is not null || value.Step.Number >= value.Steps)
        {
            _lastLine = _time.GetTimestamp();
            terminal.Error.WriteLine(line);
        }
    }

    private string Line(TrainingProgress value)
    {
        TrainingStep step = value.Step;
        string measured = value.HeldOutLossNats is { } held ? $", held-out loss {Quantity.Figure(held, 4)}" : "";
        string divergence = step.DivergenceNats is { } nats ? $", divergence {Quantity.Figure(nats, 4)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{stage}step {step.Number} of {value.Steps}, loss {step.LossNats:F4}{divergence}{measured}, rate {step.LearningRate:G3}, {value.TokensPerSecond:N0} tokens/s, "
            + $"{Quantity.Duration(value.SecondsLeft)} left");
    }
}
