using System.Globalization;
using Niwaki.Training;

namespace Niwaki.Cli.Output;

/// <summary>Shows the steps of a training as lines on the error stream.</summary>
/// <param name="terminal">Where to write.</param>
/// <param name="stage">What the lines begin with, such as the name of a stage; empty: nothing.</param>
internal sealed class TrainingDisplay(Terminal terminal, string stage = "") : IProgress<TrainingProgress>
{
    /// <inheritdoc />
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        TrainingStep step = value.Step;
        string measured = value.HeldOutLossNats is { } held ? $", held-out loss {Quantity.Figure(held, 4)}" : "";
        string divergence = step.DivergenceNats is { } nats ? $", divergence {Quantity.Figure(nats, 4)}" : "";
        terminal.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{stage}step {step.Number} of {value.Steps}, loss {step.LossNats:F4}{divergence}{measured}, rate {step.LearningRate:G3}, {value.TokensPerSecond:N0} tokens/s, "
            + $"{Quantity.Duration(value.SecondsLeft)} left"));
    }
}
