namespace Niwaki.Runs;

/// <summary>Penalty on the coefficients of a published regression.</summary>
public enum RegressionPenalty
{
    /// <summary>Sum of their sizes.</summary>
    L1,

    /// <summary>Sum of their squared distances from where they started.</summary>
    L2,
}
