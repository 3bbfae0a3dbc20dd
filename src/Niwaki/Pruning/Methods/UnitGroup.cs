using Niwaki.Models;
using Niwaki.Pruning.Allocation;

namespace Niwaki.Pruning.Methods;

/// <summary>Units of one sub-layer that are switched off together.</summary>
/// <param name="SubLayer">Index of the sub-layer in the round.</param>
/// <param name="Units">The sub-layer.</param>
/// <param name="Members">Indices of the units.</param>
/// <param name="Prior">Sum of their priors.</param>
internal sealed record UnitGroup(int SubLayer, SubLayerUnits Units, int[] Members, double Prior)
{
    /// <summary>Gates of a model without the group.</summary>
    /// <param name="config">The model.</param>
    public ModelGates Gates(ModelConfig config)
    {
        var gates = new ModelGates(config.Blocks.Count);
        BlockShape shape = config.Blocks[Units.Block];
        BlockGates block = gates[Units.Block];
        bool isAttention = Units.SubLayer == Models.SubLayer.Attention;
        if (Members.Length == Units.Count)
        {
            // Without any unit the sub-layer is gone, its bias too.
            (block.Attention, block.Mlp) = (!isAttention, isAttention);
            return gates;
        }

        foreach (int member in Members)
        {
            if (isAttention)
            {
                block.SetGroup(shape, member, 0);
            }
            else
            {
                block.SetNeuron(shape, member, 0);
            }
        }

        return gates;
    }
}
