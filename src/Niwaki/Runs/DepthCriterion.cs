namespace Niwaki.Runs;

/// <summary>What makes a block dispensable.</summary>
public enum DepthCriterion
{
    /// <summary>The loss on the calibration text without the block; the lowest goes first.</summary>
    Loss,
}
