namespace Niwaki.Runs;

/// <summary>When the rounds of Bonsai end.</summary>
public enum StopRule
{
    /// <summary>At the smallest plan that reaches the sparsity.</summary>
    Exact,

    /// <summary>When the sparsity is closer to its target than a tolerance, or beyond it, as the published code does; it may fall short.</summary>
    Published,
}
