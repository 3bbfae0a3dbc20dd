namespace Niwaki.Models;

/// <summary>Factors on the outputs of one block's units while a sequence passes through it. 1 leaves a unit alone, 0 switches it off.</summary>
public sealed class BlockGates
{
    /// <summary>Whether attention runs. Off: the sub-layer adds nothing, its bias neither.</summary>
    public bool Attention { get; set; } = true;

    /// <summary>Whether the MLP runs. Off: the sub-layer adds nothing, its bias neither.</summary>
    public bool Mlp { get; set; } = true;

    /// <summary>Factor on the output of each query head before the output projection, [heads]; null: all 1.</summary>
    public float[]? Heads { get; set; }

    /// <summary>Factor on each neuron before the down projection, [neurons]; null: all 1.</summary>
    public float[]? Neurons { get; set; }

    /// <summary>Switches the whole block off: what goes in comes out.</summary>
    public void CloseBlock()
    {
        Attention = false;
        Mlp = false;
    }

    /// <summary>Puts one factor on all query heads of a key and value head.</summary>
    /// <param name="shape">Sizes of the block.</param>
    /// <param name="group">Index of the key and value head.</param>
    /// <param name="factor">Factor; 0 has the effect of removing the group.</param>
    /// <exception cref="ArgumentOutOfRangeException">The block has no such group.</exception>
    public void SetGroup(BlockShape shape, int group, float factor)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)shape.KeyValueHeads, nameof(group));
        Heads ??= Open(shape.Heads);
        Heads.AsSpan(group * shape.HeadsPerGroup, shape.HeadsPerGroup).Fill(factor);
    }

    /// <summary>Puts a factor on one query head.</summary>
    /// <param name="shape">Sizes of the block.</param>
    /// <param name="head">Index of the query head.</param>
    /// <param name="factor">Factor.</param>
    /// <exception cref="ArgumentOutOfRangeException">The block has no such head.</exception>
    public void SetHead(BlockShape shape, int head, float factor)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)head, (uint)shape.Heads, nameof(head));
        Heads ??= Open(shape.Heads);
        Heads[head] = factor;
    }

    /// <summary>Puts a factor on one neuron.</summary>
    /// <param name="shape">Sizes of the block.</param>
    /// <param name="neuron">Index of the neuron.</param>
    /// <param name="factor">Factor.</param>
    /// <exception cref="ArgumentOutOfRangeException">The block has no such neuron.</exception>
    public void SetNeuron(BlockShape shape, int neuron, float factor)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)neuron, (uint)shape.Neurons, nameof(neuron));
        Neurons ??= Open(shape.Neurons);
        Neurons[neuron] = factor;
    }

    private static float[] Open(int count)
    {
        float[] gates = new float[count];
        Array.Fill(gates, 1f);
        return gates;
    }
}
