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

    /// <summary>Forgets the last tokens, so that the first ones can be continued in another way.</summary>
    /// <param name="length">Tokens that stay, 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Takes over the tokens of another cache of the same model.</summary>
    /// <param name="other">The cache to copy.</param>
    /// <exception cref="ShapeMismatchException">It has other widths, or more tokens than fit here.</exception>
    public void CopyFrom(KeyValueCache other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!other._widths.AsSpan().SequenceEqual(_widths) || other.Length > Capacity)
        {
            throw new ShapeMismatchException(
                nameof(other), $"{other.Length} tokens of widths {string.Join(", ", other._widths)}", $"at most {Capacity} tokens of widths {string.Join(", ", _widths)}");
        }

        for (int block = 0; block < _widths.Length; block++)
        {
            if (_widths[block] > 0)
            {
                int values = checked(other.Length * _widths[block]);
                other._keys[block]!.Span[..values].CopyTo(_keys[block]!.Span);
                other._values[block]!.Span[..values].CopyTo(_values[block]!.Span);
            }
        }

        Length = other.Length;
    }

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
