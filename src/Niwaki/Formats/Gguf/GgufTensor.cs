namespace Niwaki.Formats.Gguf;

/// <summary>One tensor of a GGUF file: what it is called, how it is encoded and where its bytes lie.</summary>
public sealed class GgufTensor
{
    internal GgufTensor(string name, uint typeNumber, IReadOnlyList<long> shape, long byteOffset, long byteLength)
    {
        Name = name;
        TypeNumber = typeNumber;
        Shape = shape;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
    }

    /// <summary>Name, unique in its file.</summary>
    public string Name { get; }

    /// <summary>Number of the encoding in ggml.</summary>
    public uint TypeNumber { get; }

    /// <summary>Encoding, if it can be read; null for a tensor of another one.</summary>
    public GgufTensorType? Type => Enum.IsDefined((GgufTensorType)TypeNumber) ? (GgufTensorType)TypeNumber : null;

    /// <summary>Dimensions, slowest first (the file has them the other way round), 1 to 4 of them.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>First byte, counted from the start of the file.</summary>
    public long ByteOffset { get; }

    /// <summary>Bytes, without padding.</summary>
    public long ByteLength { get; }

    /// <summary>Elements of a row: the last dimension.</summary>
    public long Columns => Shape[^1];

    /// <summary>Rows: the product of the other dimensions.</summary>
    public long Rows => Shape.SkipLast(1).Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Encoding and shape as text, such as <c>Q8_0 [512, 64]</c>.</summary>
    public override string ToString() => $"{GgufTensorTypes.NameOf(TypeNumber)} {MessageText.Shape(Shape)}";
}
