using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Training;

/// <summary>The adapters of one block during a pass; the default value where a model has none.</summary>
/// <param name="Adapters">Adapters of the model, or null.</param>
/// <param name="Gradients">Gradients of them, added to; null in a forward pass.</param>
/// <param name="Block">Index of the block.</param>
/// <param name="Noise">Decides what is dropped of the inputs; null: nothing is.</param>
internal readonly record struct BlockAdapters(LoraAdapters? Adapters, ModelParameters? Gradients, int Block, long? Noise)
{
    private static readonly BlockTensorRole[] QueryKeyValue = [BlockTensorRole.Query, BlockTensorRole.Key, BlockTensorRole.Value];
    private static readonly BlockTensorRole[] GateUp = [BlockTensorRole.Gate, BlockTensorRole.Up];

    /// <summary>The adapters of the matrices that are stacked under a first one, with the first of their rows.</summary>
    public IEnumerable<(BlockTensorRole Role, int FirstRow)> Parts(BlockTensorRole first)
    {
        if (Adapters is null)
        {
            yield break;
        }

        ModelConfig config = Adapters.Values.Layout.Config;
        int row = 0;
        foreach (BlockTensorRole role in first switch { BlockTensorRole.Query => QueryKeyValue, BlockTensorRole.Gate => GateUp, _ => [first] })
        {
            if (LoraAdapters.Find(Adapters.Values, Block, role) is not null)
            {
                yield return (role, row);
            }

            row += config.Extent(BlockTensor.Of(role).Rows, config.Blocks[Block]);
        }
    }

    /// <summary>A and B of a matrix.</summary>
    public (TensorView<float> Down, TensorView<float> Up) Values(BlockTensorRole role) => LoraAdapters.Find(Adapters!.Values, Block, role)!.Value;

    /// <summary>Their gradients.</summary>
    public (TensorView<float> Down, TensorView<float> Up) GradientsOf(BlockTensorRole role) => LoraAdapters.Find(Gradients!, Block, role)!.Value;
}
