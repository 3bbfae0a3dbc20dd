namespace Niwaki.Formats.Gguf;

/// <summary>A tensor that is going to be written: name, encoding and shape, but no bytes yet.</summary>
public sealed class GgufPlannedTensor
{
    /// <summary>Plans a tensor.</summary>
    /// <param name="name">Name, unique in its file, 1 to 63 bytes in UTF-8: ggml keeps no more.</param>
    /// <param name="type">Encoding.</param>
    /// <param name="shape">1 to 4 dimensions, slowest first, each 0 or more; the last a multiple of the block of the encoding.</param>
    /// <exception cref="ArgumentException">The name is empty or too long, or there are too many dimensions, or rows are no whole blocks.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    /// <exception cref="OverflowException">The tensor has 2^63 bytes or more.</exception>
    public GgufPlannedTensor(string name, GgufTensorType type, params long[] shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (System.Text.Encoding.UTF8.GetByteCount(name) > 63)
        {
            throw new ArgumentException($"Tensor name '{MessageText.Shown(name)}' has {name.Length} characters, expected at most 63 bytes.", nameof(name));
        }

        if (shape.Length is < 1 or > GgufHeader.MaxDimensions)
        {
            throw new ArgumentException($"Tensor '{name}' has {shape.Length} dimensions, expected 1 to {GgufHeader.MaxDimensions}.", nameof(shape));
        }

        foreach (long dimension in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        }

        Name = name;
        Type = type;
        Shape = [.. shape];
        ByteLength = shape[..^1].Aggregate(type.RowBytes(shape[^1]), (bytes, dimension) => checked(bytes * dimension));
    }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>Encoding.</summary>
    public GgufTensorType Type { get; }

    /// <summary>Dimensions, slowest first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of all elements, without padding.</summary>
    public long ByteLength { get; }

    /// <summary>Encoding and shape as text, such as <c>Q8_0 [512, 64]</c>.</summary>
    public override string ToString() => $"{Type} {MessageText.Shape(Shape)}";
}
