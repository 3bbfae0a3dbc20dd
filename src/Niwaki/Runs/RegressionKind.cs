namespace Niwaki.Runs;

/// <summary>How Bonsai turns the utilities of sub-models into scores of units.</summary>
public enum RegressionKind
{
    /// <summary>Ridge in closed form, as the paper has it.</summary>
    Ridge,

    /// <summary>L1 or L2 by Adam, the best of 36 settings by Kendall's tau on held-out folds, as the published code has it.</summary>
    Published,

    /// <summary>None: the prior, averaged over the passes of the sub-models, ranks the units of a sub-layer. The published ablation.</summary>
    None,
}
