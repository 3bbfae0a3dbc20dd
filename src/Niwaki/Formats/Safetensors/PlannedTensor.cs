using Niwaki.Tensors;

namespace Niwaki.Formats.Safetensors;

/// <summary>A tensor that is going to be written: name, element type and shape, but no bytes yet.</summary>
public sealed class PlannedTensor
{
    /// <summary>Plans a tensor.</summary>
    /// <param name="name">Name, unique in its checkpoint.</param>
    /// <param name="elementType">Encoding of an element.</param>
    /// <param name="shape">Dimensions, slowest first, each 0 or more, at most 16; none = a single number.</param>
    /// <exception cref="ArgumentException">The name is empty or reserved, or the shape has too many dimensions or bytes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    public PlannedTensor(string name, ElementType elementType, params long[] shape)
        : this(name, elementType.ToString(), shape)
    {
    }

    private PlannedTensor(string name, string dataType, IReadOnlyList<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (name == SafetensorsHeader.MetadataName)
        {
            throw new ArgumentException($"Tensor name is '{name}', expected one that the format does not reserve.", nameof(name));
        }

        if (!SafetensorsDataType.TryGetBits(dataType, out int bits))
        {
            string rule = $"expected one of {SafetensorsDataType.Names}";
            throw new ArgumentException($"Element type of tensor '{name}' is {dataType}, {rule}.", nameof(dataType));
        }

        foreach (long dimension in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        }

        long? byteLength = shape.Count <= SafetensorsHeader.MaxDimensions ? SafetensorsDataType.ByteLength(bits, shape) : null;
        Name = name;
        DataType = dataType;
        Shape = [.. shape];
        ByteLength = byteLength ?? throw new ArgumentException(
            $"Shape of tensor '{name}' is {MessageText.Shape(shape)}, expected at most {SafetensorsHeader.MaxDimensions} dimensions and 2^60 bytes.",
            nameof(shape));
    }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>Element type as the file spells it, such as <c>BF16</c>.</summary>
    public string DataType { get; }

    /// <summary>Dimensions, slowest first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of all elements.</summary>
    public long ByteLength { get; }

    /// <summary>Plans a copy of a tensor of another file, of whatever element type.</summary>
    /// <param name="source">The tensor to copy.</param>
    /// <param name="name">Its name in the new file; null = the same.</param>
    /// <exception cref="ArgumentException">The name is empty or reserved.</exception>
    public static PlannedTensor CopyOf(SafetensorsEntry source, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new PlannedTensor(name ?? source.Name, source.DataType, source.Shape);
    }

    /// <summary>Element type and shape as text, such as <c>BF16 [512, 64]</c>.</summary>
    public override string ToString() => $"{DataType} {MessageText.Shape(Shape)}";
}
