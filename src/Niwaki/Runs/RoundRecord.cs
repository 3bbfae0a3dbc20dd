namespace Niwaki.Runs;

/// <summary>What one sweep over the calibration windows told a round, kept so that neither a resume nor a refit sweeps again.</summary>
/// <param name="Prior">Importance of every unit that was left, one list for each sub-layer, block by block, attention first; finite.</param>
/// <param name="Means">Mean activation of every channel in front of the output projections, in the same order; empty where no repair asks for them.</param>
/// <param name="Averages">The prior averaged over the passes of sub-models; empty where no regression stands in for it.</param>
public sealed record RoundRecord(IReadOnlyList<double[]> Prior, IReadOnlyList<double[]> Means, IReadOnlyList<double[]> Averages);
