using Niwaki.Models;

namespace Niwaki.Plans;

/// <summary>Counts parameters exactly, from the table of tensors that loading and cutting follow too.</summary>
public static class ParameterCounter
{
    /// <summary>Parameters of a model.</summary>
    /// <param name="config">The model.</param>
    /// <exception cref="OverflowException">There are more than 2^63 - 1.</exception>
    public static ParameterCount Count(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        long table = checked((long)config.VocabularySize * config.HiddenSize);
        long total = checked((config.TiedEmbeddings ? table : 2 * table) + config.HiddenSize);
        long prunable = 0;
        foreach (BlockShape shape in config.Blocks)
        {
            foreach (BlockTensor tensor in BlockTensor.Of(config.Features, shape))
            {
                long elements = config.ElementCount(tensor, shape);
                total = checked(total + elements);
                prunable = checked(prunable + (tensor.IsMatrix ? elements : 0));
            }
        }

        return new ParameterCount(total, prunable);
    }

    /// <summary>Prunable parameters that vanish with a unit.</summary>
    /// <remarks>
    /// With g query heads per key and value head, head dimension d and hidden size h, a key and value group owns (2g + 2)·d·h: d rows of k and
    /// of v, g·d rows of q and g·d columns of o. A neuron owns 3h: a row of gate and of up, a column of down.
    /// </remarks>
    /// <param name="config">The model.</param>
    /// <param name="unit">A unit of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit.</exception>
    public static long PrunableOf(ModelConfig config, Unit unit)
    {
        ArgumentNullException.ThrowIfNull(config);
        Unit.ThrowIfMissing(config, unit);
        BlockShape shape = config.Blocks[unit.Block];
        return unit.Kind switch
        {
            UnitKind.Neuron => PrunableOf(config, shape, SubLayer.Mlp) / shape.Neurons,
            UnitKind.KeyValueGroup => PrunableOf(config, shape, SubLayer.Attention) / shape.KeyValueHeads,
            UnitKind.Attention => PrunableOf(config, shape, SubLayer.Attention),
            UnitKind.Mlp => PrunableOf(config, shape, SubLayer.Mlp),
            _ => PrunableOf(config, shape, SubLayer.Attention) + PrunableOf(config, shape, SubLayer.Mlp),
        };
    }

    /// <summary>Prunable parameters of a sub-layer: every matrix of it is cut along one axis, so all its units own the same number.</summary>
    internal static long PrunableOf(ModelConfig config, BlockShape shape, SubLayer subLayer) =>
        BlockTensor.Of(config.Features, shape)
            .Where(tensor => tensor.IsMatrix && tensor.SubLayer == subLayer)
            .Sum(tensor => config.ElementCount(tensor, shape));
}
