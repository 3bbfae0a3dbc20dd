namespace Niwaki.Runs;

/// <summary>What depth pruning removes.</summary>
public enum DepthUnit
{
    /// <summary>Whole blocks; the result is a plain checkpoint with fewer of them.</summary>
    Block,

    /// <summary>The attention and the MLP of a block, each by itself.</summary>
    Sublayer,
}
