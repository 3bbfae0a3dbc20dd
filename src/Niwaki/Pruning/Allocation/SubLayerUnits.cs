using Niwaki.Models;
using Niwaki.Plans;
using Niwaki.Runs;

namespace Niwaki.Pruning.Allocation;

/// <summary>The width units of one sub-layer: the KV groups of an attention or the neurons of an MLP.</summary>
/// <param name="Block">Index of the block in the model at hand.</param>
/// <param name="SubLayer">Attention or MLP.</param>
/// <param name="Count">Units.</param>
/// <param name="UnitParameters">Prunable parameters of each.</param>
public readonly record struct SubLayerUnits(int Block, SubLayer SubLayer, int Count, long UnitParameters)
{
    /// <summary>Kind of the units.</summary>
    public UnitKind Kind => SubLayer == SubLayer.Attention ? UnitKind.KeyValueGroup : UnitKind.Neuron;

    /// <summary>A unit by its index.</summary>
    /// <param name="index">0 to count - 1.</param>
    public Unit this[int index] => new(Kind, Block, index);

    /// <summary>Every sub-layer of a model that has units which may go, block by block, attention first.</summary>
    /// <param name="config">The model.</param>
    /// <param name="removable">Kinds of units that may go.</param>
    public static IReadOnlyList<SubLayerUnits> Of(ModelConfig config, WidthUnits removable)
    {
        ArgumentNullException.ThrowIfNull(config);
        var all = new List<SubLayerUnits>();
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockShape shape = config.Blocks[block];
            if (shape.HasAttention && removable != WidthUnits.Neurons)
            {
                all.Add(new SubLayerUnits(
                    block, SubLayer.Attention, shape.KeyValueHeads, ParameterCounter.PrunableOf(config, new Unit(UnitKind.KeyValueGroup, block, 0))));
            }

            if (shape.HasMlp && removable != WidthUnits.Groups)
            {
                all.Add(new SubLayerUnits(
                    block, SubLayer.Mlp, shape.Neurons, ParameterCounter.PrunableOf(config, new Unit(UnitKind.Neuron, block, 0))));
            }
        }

        return all;
    }
}
