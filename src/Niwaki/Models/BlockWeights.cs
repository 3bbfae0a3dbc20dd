namespace Niwaki.Models;

/// <summary>Packed weights of one block; a sub-layer that the block lacks is null.</summary>
internal sealed class BlockWeights(BlockShape shape) : IDisposable
{
    public BlockShape Shape { get; } = shape;

    public AttentionWeights? Attention { get; set; }

    public MlpWeights? Mlp { get; set; }

    public void Dispose()
    {
        Attention?.Dispose();
        Mlp?.Dispose();
    }
}
