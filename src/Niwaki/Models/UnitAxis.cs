namespace Niwaki.Models;

/// <summary>What the rows or columns of a block's tensor stand for: the units that pruning removes, or a dimension it leaves alone.</summary>
public enum UnitAxis
{
    /// <summary>The residual stream: hidden size, never pruned.</summary>
    Hidden,

    /// <summary>The channels inside one head: head dimension, never pruned.</summary>
    HeadDim,

    /// <summary>Query heads, head dimension channels each.</summary>
    Heads,

    /// <summary>Key and value heads, head dimension channels each.</summary>
    KeyValueHeads,

    /// <summary>Neurons of the MLP, one channel each.</summary>
    Neurons,
}
