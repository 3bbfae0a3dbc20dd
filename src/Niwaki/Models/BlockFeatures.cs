namespace Niwaki.Models;

/// <summary>Which optional tensors the blocks of an architecture have.</summary>
/// <param name="QueryKeyValueBias">Biases of the query, key and value projections.</param>
/// <param name="OutputBias">Bias of the output projection.</param>
/// <param name="MlpBias">Biases of the gate, up and down projections.</param>
/// <param name="QueryKeyNorm">RMS norms of every query and key head before the rotary embedding.</param>
public readonly record struct BlockFeatures(bool QueryKeyValueBias, bool OutputBias, bool MlpBias, bool QueryKeyNorm)
{
    /// <summary>Whether blocks have the tensor of a role.</summary>
    /// <param name="role">What the tensor does.</param>
    public bool Has(BlockTensorRole role) => role switch
    {
        BlockTensorRole.QueryBias or BlockTensorRole.KeyBias or BlockTensorRole.ValueBias => QueryKeyValueBias,
        BlockTensorRole.OutputBias => OutputBias,
        BlockTensorRole.GateBias or BlockTensorRole.UpBias or BlockTensorRole.DownBias => MlpBias,
        BlockTensorRole.QueryNorm or BlockTensorRole.KeyNorm => QueryKeyNorm,
        _ => true,
    };
}
