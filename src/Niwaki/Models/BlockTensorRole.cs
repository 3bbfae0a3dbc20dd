namespace Niwaki.Models;

/// <summary>What a tensor does inside its block.</summary>
public enum BlockTensorRole
{
    /// <summary>Weight of the RMS norm in front of attention.</summary>
    AttentionNorm,

    /// <summary>Query projection.</summary>
    Query,

    /// <summary>Key projection.</summary>
    Key,

    /// <summary>Value projection.</summary>
    Value,

    /// <summary>Output projection of attention.</summary>
    Output,

    /// <summary>Bias of the query projection.</summary>
    QueryBias,

    /// <summary>Bias of the key projection.</summary>
    KeyBias,

    /// <summary>Bias of the value projection.</summary>
    ValueBias,

    /// <summary>Bias of the output projection.</summary>
    OutputBias,

    /// <summary>Weight of the RMS norm of each query head.</summary>
    QueryNorm,

    /// <summary>Weight of the RMS norm of each key head.</summary>
    KeyNorm,

    /// <summary>Weight of the RMS norm in front of the MLP.</summary>
    MlpNorm,

    /// <summary>Gate projection.</summary>
    Gate,

    /// <summary>Up projection.</summary>
    Up,

    /// <summary>Down projection.</summary>
    Down,

    /// <summary>Bias of the gate projection.</summary>
    GateBias,

    /// <summary>Bias of the up projection.</summary>
    UpBias,

    /// <summary>Bias of the down projection.</summary>
    DownBias,
}
