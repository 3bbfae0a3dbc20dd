namespace Niwaki.Models;

/// <summary>Which units of a model are on while one sequence passes through it: a sub-model without a copy of any weight.</summary>
/// <remarks>Every sequence of a batch may carry its own gates, and many sequences may share one object.</remarks>
public sealed class ModelGates
{
    private readonly BlockGates?[] _blocks;

    /// <summary>Makes gates that are all open.</summary>
    /// <param name="blockCount">Blocks of the model.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public ModelGates(int blockCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blockCount);
        _blocks = new BlockGates?[blockCount];
    }

    /// <summary>The gates of a block, made open at the first use.</summary>
    /// <param name="block">Index of the block.</param>
    public BlockGates this[int block] => _blocks[block] ??= new BlockGates();

    /// <summary>The gates of a block, or null where all are open.</summary>
    /// <param name="block">Index of the block.</param>
    public BlockGates? Find(int block) => _blocks[block];

    /// <summary>Gates that have the effect of a selection: what does not stay is off.</summary>
    /// <param name="source">The model.</param>
    /// <param name="selection">What stays of it.</param>
    public static ModelGates For(ModelConfig source, ModelSelection selection)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(selection);
        var gates = new ModelGates(source.Blocks.Count);
        for (int i = 0; i < source.Blocks.Count; i++)
        {
            BlockSelection kept = selection.Blocks[i];
            BlockGates block = gates[i];
            block.Attention = kept.Heads.Length > 0;
            block.Mlp = kept.Neurons.Length > 0;
            block.Heads = Indicator(source.Blocks[i].Heads, kept.Heads);
            block.Neurons = Indicator(source.Blocks[i].Neurons, kept.Neurons);
        }

        return gates;
    }

    private static float[]? Indicator(int count, int[] kept)
    {
        if (kept.Length == count)
        {
            return null;
        }

        float[] gates = new float[count];
        foreach (int index in kept)
        {
            gates[index] = 1;
        }

        return gates;
    }
}
