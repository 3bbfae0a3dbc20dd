namespace Niwaki.Training;

/// <summary>A loss or the gradients of a training are no finite numbers; the step was not taken.</summary>
public sealed class TrainingDivergedException : NiwakiException
{
    /// <summary>Makes an error.</summary>
    /// <param name="step">Number of the step that was not taken.</param>
    /// <param name="lossNats">Mean loss of the step, nats per token.</param>
    /// <param name="gradientNorm">Global norm of the gradients.</param>
    public TrainingDivergedException(long step, double lossNats, double gradientNorm)
        : base(FormattableString.Invariant(
            $"Step {step}: loss is {lossNats} and norm of the gradients {gradientNorm}, expected finite numbers. ")
            + "The step was not taken.")
    {
        Step = step;
        LossNats = lossNats;
        GradientNorm = gradientNorm;
    }

    /// <summary>Number of the step that was not taken.</summary>
    public long Step { get; }

    /// <summary>Mean loss of the step, nats per token.</summary>
    public double LossNats { get; }

    /// <summary>Global norm of the gradients.</summary>
    public double GradientNorm { get; }
}
