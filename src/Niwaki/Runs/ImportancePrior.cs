namespace Niwaki.Runs;

/// <summary>The cheap importance of a unit, from at most one sweep, around which Bonsai draws its sub-models.</summary>
public enum ImportancePrior
{
    /// <summary>Mean size of the output weights of a channel times the root of its mean square activation.</summary>
    Wanda,

    /// <summary>Mean size of the activation.</summary>
    Activation,

    /// <summary>Size of the weights; needs no sweep.</summary>
    Magnitude,

    /// <summary>Random numbers, drawn anew every round: the baseline.</summary>
    Random,

    /// <summary>Variance of the activation times the mean square of the output weights of its channel (FLAP, arXiv 2312.11983).</summary>
    Fluctuation,

    /// <summary>First-order change of the loss when the unit's gate closes; needs gradients (Molchanov et al., 2017, arXiv 1611.06440).</summary>
    Taylor,
}
