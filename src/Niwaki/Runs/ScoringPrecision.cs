namespace Niwaki.Runs;

/// <summary>Arithmetic of the passes that score sub-models. What is measured before and after a run is always exact.</summary>
public enum ScoringPrecision
{
    /// <summary>The weights as they are stored, float32 sums.</summary>
    Exact,

    /// <summary>Weights in 16-bit block fixed point: faster, about 2e-4 relative error.</summary>
    Int16,
}
