namespace Niwaki.Training;

/// <summary>What came of one step.</summary>
/// <param name="Number">Number of the step, 1 for the first.</param>
/// <param name="LossNats">Mean loss over the predicted tokens before the step, nats per token.</param>
/// <param name="LearningRate">Rate of the step.</param>
/// <param name="GradientNorm">Global norm of the gradients before clipping.</param>
public readonly record struct TrainingStep(long Number, double LossNats, double LearningRate, double GradientNorm)
{
    /// <summary>Mean KL(dense‖model) over the predicted tokens, nats per token; null where it is not part of the objective.</summary>
    public double? DivergenceNats { get; init; }

    /// <summary>Sum over blocks of the squared difference from the dense stream, mean over all tokens and channels; null where it is not part of the objective.</summary>
    public double? HiddenDifference { get; init; }
}
