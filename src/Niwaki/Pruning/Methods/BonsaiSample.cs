namespace Niwaki.Pruning.Methods;

/// <summary>The evaluated sub-models of a round.</summary>
/// <param name="Masks">For each the units of all pools that were present, pool after pool.</param>
/// <param name="Utilities">How good each was; finite, larger is better.</param>
/// <param name="Pairs">Whether every second one is the complement of the one before.</param>
/// <param name="Seconds">Wall time of the evaluations.</param>
internal sealed record BonsaiSample(IReadOnlyList<bool[]> Masks, IReadOnlyList<double> Utilities, bool Pairs, double Seconds);
