namespace Niwaki.Runs;

/// <summary>Parameters of <see cref="PruningMethod.Bonsai"/>: section <c>bonsai</c> of a recipe.</summary>
public sealed record BonsaiOptions
{
    /// <summary>Share of the source's prunable parameters that one round removes, between 0 and 1. Default 0.05.</summary>
    public double PruneFraction { get; init; } = 0.05;

    /// <summary>Sub-models evaluated in a round, 2 to 1,000,000; even with <see cref="Complement"/>. Default 30, a seventh of the published number: minutes on a laptop.</summary>
    public int MasksPerRound { get; init; } = 30;

    /// <summary>Importance that decides which units may be removed in a round and how often. Default <see cref="ImportancePrior.Wanda"/>.</summary>
    public ImportancePrior Prior { get; init; } = ImportancePrior.Wanda;

    /// <summary>Whether every sub-model is followed by its opposite: what was off is on, what was on and may go is off. Default true.</summary>
    public bool Complement { get; init; } = true;

    /// <summary>Strength of the ridge regression, from 1e-9 to 1,000, free of the scale of the problem. Default 0.001.</summary>
    /// <remarks>
    /// With X the masks of a round, one a row, columns centred, the penalty on |β|² is ridge · mean over the rows of |x|². That is the
    /// share of the variance of the losses that single units do not explain over the share that they do: 0.1 believes that ten parts of
    /// eleven are additive. It needs no new value when the number of masks or of units changes. Not 0: opposite masks are linearly dependent.
    /// </remarks>
    public double Ridge { get; init; } = 1e-3;

    /// <summary>Factor on <see cref="PruneFraction"/> for attention, above 0, up to 100: below 1 spares the heads. Default 1.</summary>
    public double MlpAttentionRatio { get; init; } = 1;

    /// <summary>
    /// Share of the units of a sub-layer that may be removed in a round, in multiples of <see cref="PruneFraction"/>, 1 to 1,000; both
    /// multiplied are at most 1. Default 2.
    /// </summary>
    public double Explorable { get; init; } = 2;

    /// <summary>How sub-models are drawn. Default <see cref="BonsaiSampler.Layer"/>.</summary>
    public BonsaiSampler Sampler { get; init; } = BonsaiSampler.Layer;

    /// <summary>Which calibration windows a round reads. Default <see cref="CalibrationSets.Fixed"/>.</summary>
    public CalibrationSets CalibrationSets { get; init; } = CalibrationSets.Fixed;

    /// <summary>What the regression explains. Default <see cref="SubModelUtility.Perplexity"/>.</summary>
    public SubModelUtility Utility { get; init; } = SubModelUtility.Perplexity;

    /// <summary>Whether sub-models are evaluated at all; if not, the prior alone decides. Default true.</summary>
    public bool Perturb { get; init; } = true;

    /// <summary>How utilities become scores. Default <see cref="RegressionKind.Ridge"/>.</summary>
    public RegressionKind Regression { get; init; } = RegressionKind.Ridge;

    /// <summary>Units that share a published regression. Default <see cref="RegressionScope.Global"/>.</summary>
    public RegressionScope RegressionScope { get; init; } = RegressionScope.Global;

    /// <summary>Penalty of a published regression. Default <see cref="RegressionPenalty.L1"/>.</summary>
    public RegressionPenalty RegressionPenalty { get; init; } = RegressionPenalty.L1;

    /// <summary>Epochs of a published regression at most, 1 to 10,000. Default 50.</summary>
    public int RegressionEpochs { get; init; } = 50;

    /// <summary>Factors of the penalty that a published regression tries, 0 or more. Default 100, 1e-4, 0.</summary>
    public NumberList RegressionWeights { get; init; } = NumberList.Of(100, 1e-4, 0);

    /// <summary>Learning rates that a published regression tries: 1 / (units × number), numbers above 0. Default 100, 10, 1, 0.1.</summary>
    public NumberList RegressionRates { get; init; } = NumberList.Of(100, 10, 1, 0.1);

    /// <summary>Sub-models of a step that a published regression tries, 1 or more. Default 32, 64, 128.</summary>
    public NumberList RegressionBatches { get; init; } = NumberList.Of(32, 64, 128);

    /// <summary>When the rounds end. Default <see cref="StopRule.Exact"/>.</summary>
    public StopRule Stop { get; init; } = StopRule.Exact;

    /// <summary>Distance from the sparsity at which <see cref="StopRule.Published"/> ends, between 0 and 1. Default 0.02.</summary>
    public double Tolerance { get; init; } = 0.02;

    /// <summary>What makes up for removed units. Default <see cref="UnitRepair.None"/>.</summary>
    public UnitRepair Repair { get; init; } = UnitRepair.None;
}
