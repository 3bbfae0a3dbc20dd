namespace Niwaki.Evaluation.Speed;

/// <summary>What one model of a measurement weighs.</summary>
/// <param name="Name">The model as it was named.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="HeadParameters">Parameters of the output head, which pruning leaves alone.</param>
/// <param name="WeightBytes">Bytes of weights in memory.</param>
/// <param name="KeyValueBytesPerToken">Bytes of cached keys and values for each token of a sequence.</param>
public sealed record SpeedModel(string Name, long Parameters, long HeadParameters, long WeightBytes, long KeyValueBytesPerToken);
