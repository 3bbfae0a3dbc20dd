namespace Niwaki.Training;

/// <summary>How far a training is.</summary>
/// <param name="Step">The step just taken.</param>
/// <param name="Steps">Steps of the training.</param>
/// <param name="HeldOutLossNats">Held-out loss behind the step, nats per token, where it was measured.</param>
/// <param name="TokensPerSecond">Tokens a second over the steps of this process.</param>
/// <param name="SecondsLeft">Time that the steps left would take at that rate.</param>
public sealed record TrainingProgress(TrainingStep Step, long Steps, double? HeldOutLossNats, double TokensPerSecond, double SecondsLeft);
