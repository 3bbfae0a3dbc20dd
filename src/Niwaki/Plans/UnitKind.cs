namespace Niwaki.Plans;

/// <summary>What can be removed from a model.</summary>
public enum UnitKind
{
    /// <summary>One neuron of an MLP: a row of gate and up, a column of down.</summary>
    Neuron,

    /// <summary>One key and value head with all its query heads: rows of q, k and v, columns of o. Without grouped queries, one head.</summary>
    KeyValueGroup,

    /// <summary>The attention of a block.</summary>
    Attention,

    /// <summary>The MLP of a block.</summary>
    Mlp,

    /// <summary>A whole block.</summary>
    Block,
}
