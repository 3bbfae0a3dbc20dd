namespace Niwaki.Runs;

/// <summary>Which units share a published regression.</summary>
public enum RegressionScope
{
    /// <summary>All of them.</summary>
    Global,

    /// <summary>Those of a sub-layer; the prior, with sum 1, is where the coefficients start.</summary>
    Local,
}
