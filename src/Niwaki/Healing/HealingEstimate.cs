namespace Niwaki.Healing;

/// <summary>What a healing would need.</summary>
/// <param name="Seconds">Time, from a few steps of every stage.</param>
/// <param name="MemoryBytes">Largest memory of a stage, as those steps took it.</param>
/// <param name="Tokens">Tokens that it would train on.</param>
/// <param name="TrainedParameters">Parameters that the last stage would train.</param>
public sealed record HealingEstimate(double Seconds, long MemoryBytes, long Tokens, long TrainedParameters);
