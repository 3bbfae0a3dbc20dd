using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Pruning.Surgery;

/// <summary>The bias tensors of a model to which a plan adds biases, in float32.</summary>
/// <remarks>
/// Stock software has one switch for the biases of all attention projections and one for those of the MLP, so those that the plan does not ask for
/// are there too, as zeros. Only architectures whose config has both switches can carry biases.
/// </remarks>
internal static class BiasTensors
{
    private static readonly BlockTensorRole[] Roles =
    [
        BlockTensorRole.QueryBias, BlockTensorRole.KeyBias, BlockTensorRole.ValueBias, BlockTensorRole.OutputBias,
        BlockTensorRole.GateBias, BlockTensorRole.UpBias, BlockTensorRole.DownBias,
    ];

    /// <summary>Whether a model can be written with biases on its output and down projections.</summary>
    public static bool CanBeAddedTo(ModelConfig config) => config.Architecture is { OutputBias: not false, MlpBias: not false, QueryKeyValueBias: not false };

    /// <summary>Puts the biases into the tensors of a cut model.</summary>
    /// <param name="cuts">The tensors without them.</param>
    /// <param name="source">The source.</param>
    /// <param name="config">Its config.</param>
    /// <param name="selection">What stays.</param>
    /// <param name="biases">What is added; null: the tensors stay as they are.</param>
    /// <exception cref="ArgumentException">The architecture has no such biases.</exception>
    public static IReadOnlyList<TensorCut> Add(
        IReadOnlyList<TensorCut> cuts, Checkpoint source, ModelConfig config, ModelSelection selection, OutputBiases? biases)
    {
        if (biases is null)
        {
            return cuts;
        }

        if (!CanBeAddedTo(config))
        {
            throw new ArgumentException(
                $"Plan adds biases to a model of type '{config.Architecture.ModelType}', expected 'llama', which can have them.", nameof(biases));
        }

        var all = cuts.ToList();
        for (int index = 0; index < selection.KeptBlocks.Count; index++)
        {
            AddBlock(all, index, selection.KeptBlocks[index], source, config, selection, biases);
        }

        return all;
    }

    private static void AddBlock(
        List<TensorCut> all, int index, int block, Checkpoint source, ModelConfig config, ModelSelection selection, OutputBiases biases)
    {
        BlockShape kept = selection.Blocks[block].Shape;
        foreach (BlockTensor tensor in Roles.Select(BlockTensor.Of).Where(tensor => kept.Has(tensor.SubLayer)))
        {
            bool isStored = config.Features.Has(tensor.Role);
            float[]? added = tensor.Rows == UnitAxis.Hidden ? biases.Find(block, tensor.SubLayer) : null;
            if (isStored && added is null)
            {
                continue;
            }

            float[] values = new float[config.Extent(tensor.Rows, kept)];
            if (isStored)
            {
                using BorrowedWeights stored = source.Borrow(tensor.NameIn(block), values.Length);
                WeightValues.Widen(stored.View, 0, values);
            }

            for (int i = 0; added is not null && i < values.Length; i++)
            {
                values[i] = isStored ? values[i] + added[i] : added[i];
            }

            var cut = new TensorCut(tensor.NameIn(block), new PlannedTensor(tensor.NameIn(index), ElementType.F32, values.Length)) { Values = values };
            all.RemoveAll(other => other.Target.Name == cut.Target.Name);
            all.Add(cut);
        }
    }
}
