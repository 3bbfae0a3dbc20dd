using Niwaki.Tensors;

namespace Niwaki.Formats.Safetensors;

/// <summary>One tensor of a safetensors file: what it is called, how it is encoded and where its bytes lie.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, string dataType, IReadOnlyList<long> shape, long byteOffset, long byteLength)
    {
        Name = name;
        DataType = dataType;
        Shape = shape;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
    }

    /// <summary>Name, unique in its checkpoint.</summary>
    public string Name { get; }

    /// <summary>Element type as the file spells it, such as <c>BF16</c> or <c>I64</c>.</summary>
    public string DataType { get; }

    /// <summary>Element type when Niwaki can compute with it; null for a tensor that can only be copied.</summary>
    public ElementType? ElementType => SafetensorsDataType.ToElementType(DataType);

    /// <summary>Dimensions, slowest first, each 0 or more; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>First byte, counted from the start of the file. Not always a multiple of the element size.</summary>
    public long ByteOffset { get; }

    /// <summary>Bytes, without gaps.</summary>
    public long ByteLength { get; }

    /// <summary>Number of elements, the product of <see cref="Shape"/>.</summary>
    public long Count => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Element type and shape as text, such as <c>BF16 [512, 64]</c>.</summary>
    public override string ToString() => $"{DataType} {MessageText.Shape(Shape)}";
}
