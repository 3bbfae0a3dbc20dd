namespace Niwaki.Models;

/// <summary>Sizes of one block. Blocks of a pruned model may differ from each other.</summary>
/// <param name="Heads">Query heads; 0 means the block has no attention.</param>
/// <param name="KeyValueHeads">Key and value heads; divides <paramref name="Heads"/>; 0 exactly when that is 0.</param>
/// <param name="Neurons">Neurons of the MLP; 0 means the block has no MLP.</param>
public readonly record struct BlockShape(int Heads, int KeyValueHeads, int Neurons)
{
    /// <summary>Whether the block attends.</summary>
    public bool HasAttention => Heads > 0;

    /// <summary>Whether the block has an MLP.</summary>
    public bool HasMlp => Neurons > 0;

    /// <summary>Query heads that share one key and value head (the GQA ratio); 0 without attention.</summary>
    public int HeadsPerGroup => KeyValueHeads == 0 ? 0 : Heads / KeyValueHeads;

    /// <summary>Whether a sub-layer is there.</summary>
    /// <param name="subLayer">Attention or MLP.</param>
    public bool Has(SubLayer subLayer) => subLayer == SubLayer.Attention ? HasAttention : HasMlp;
}
