using Niwaki.Tensors;

namespace Niwaki.Models;

/// <summary>Keys and values of one sequence in every block, so that a longer sequence costs its new tokens only.</summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly NativeBuffer<float>?[] _keys;
    private readonly NativeBuffer<float>?[] _values;
    private readonly int[] _widths;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="config">The model.</param>
    /// <param name="capacity">Tokens that fit.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1.</exception>
    public KeyValueCache(ModelConfig config, int capacity)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _widths = [.. config.Blocks.Select(block => block.KeyValueHeads * config.HeadDim)];
        _keys = [.. _widths.Select(width => width == 0 ? null : new NativeBuffer<float>((long)capacity * width))];
        _values = [.. _widths.Select(width => width == 0 ? null : new NativeBuffer<float>((long)capacity * width))];
    }

    /// <summary>Tokens that fit.</summary>
    public int Capacity { get; }

    /// <summary>Tokens kept.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of a cache.</summary>
    /// <param name="config">The model.</param>
    /// <param name="capacity">Tokens that fit.</param>
    public static long BytesFor(ModelConfig config, int capacity)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Blocks.Sum(block => (long)block.KeyValueHeads * config.HeadDim) * capacity * sizeof(float) * 2;
    }

    /// <summary>Forgets every token.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (NativeBuffer<float>? buffer in _keys.Concat(_values))
        {
            buffer?.Dispose();
        }
    }

    /// <summary>Keys of a block with room for the tokens that are being added, [tokens, kvHeads × headDim].</summary>
    internal TensorView<float> Keys(int block, int tokens) => new(_keys[block]!, tokens, _widths[block]);

    /// <summary>Values of a block, as <see cref="Keys"/>.</summary>
    internal TensorView<float> Values(int block, int tokens) => new(_values[block]!, tokens, _widths[block]);

    internal void Advance(int tokens) => Length += tokens;
}
