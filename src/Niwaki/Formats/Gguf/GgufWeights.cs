using System.Runtime.InteropServices;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.Gguf;

/// <summary>The tensors of a GGUF file as a Hugging Face checkpoint has them: other names, rows of queries and keys in their own order, blocks decoded.</summary>
internal sealed unsafe class GgufWeights : IWeightSource
{
    /// <summary>Bytes decoded at once when a tensor is copied.</summary>
    private const int ChunkBytes = 1 << 22;

    private readonly GgufFile _file;
    private readonly Dictionary<string, GgufWeight> _byName;

    public GgufWeights(GgufFile file, IReadOnlyList<GgufWeight> weights)
    {
        _file = file;
        _byName = weights.ToDictionary(weight => weight.Entry.Name, StringComparer.Ordinal);
        Entries = [.. weights.Select(weight => weight.Entry)];
    }

    /// <inheritdoc />
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <inheritdoc />
    public long FileBytes => _file.ByteLength;

    /// <inheritdoc />
    public SafetensorsEntry? Find(string name) => _byName.GetValueOrDefault(name)?.Entry;

    /// <inheritdoc />
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape)
    {
        if (!_byName.TryGetValue(name, out GgufWeight? weight))
        {
            throw SafetensorsFile.Missing(_file.FilePath, name, MessageText.Shape(shape.ToArray()));
        }

        _file.Require(weight.Stored);
        SafetensorsFile.Check(_file.FilePath, weight.Entry, shape);
        return weight.Entry;
    }

    /// <inheritdoc />
    public BorrowedWeights Borrow(SafetensorsEntry entry, int firstRow, int rows) => Borrow(_byName[entry.Name], entry.ElementType!.Value, firstRow, rows);

    /// <inheritdoc />
    public ElementType StoredType(SafetensorsEntry entry) => _byName[entry.Name] is { IsVector: false, Stored.Type: GgufTensorType.Q8_0 } ? ElementType.Q8_0 : entry.ElementType!.Value;

    /// <inheritdoc />
    public BorrowedWeights BorrowStored(SafetensorsEntry entry, int firstRow, int rows) => Borrow(_byName[entry.Name], StoredType(entry), firstRow, rows);

    /// <inheritdoc />
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken)
    {
        GgufWeight weight = _byName.GetValueOrDefault(name) ?? throw SafetensorsFile.Missing(_file.FilePath, name, "a tensor of that name");
        _file.Require(weight.Stored);
        int rows = weight.IsVector ? 1 : checked((int)weight.Entry.Shape[0]);
        long rowBytes = Math.Max(1, weight.Stored.Columns * weight.Entry.ElementType!.Value.SizeInBytes());
        int step = (int)Math.Clamp(ChunkBytes / rowBytes, 1, Math.Max(1, rows));
        for (int first = 0; first < rows; first += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BorrowedWeights part = Borrow(weight.Entry, first, Math.Min(step, rows - first));
            for (int row = 0; row < part.View.Rows; row++)
            {
                destination.Write(new ReadOnlySpan<byte>(part.View.RowPointer(row), checked((int)part.View.RowBytes)));
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private BorrowedWeights Borrow(GgufWeight weight, ElementType type, int firstRow, int rows)
    {
        int columns = checked((int)weight.Stored.Columns);
        if (weight.IsDirect(type))
        {
            var whole = new WeightView(_file.Pointer(weight.Stored), type, checked((int)weight.Stored.Rows), columns);
            return new BorrowedWeights(whole.SliceRows(checked((int)weight.FirstRow) + firstRow, rows));
        }

        var buffer = new NativeBuffer<byte>(rows * type.RowBytes(columns));
        try
        {
            Decode(weight, firstRow, rows, new WeightView(buffer.Pointer, type, rows, columns));
            return new BorrowedWeights(new WeightView(buffer.Pointer, type, rows, columns), buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private void Decode(GgufWeight weight, int firstRow, int rows, WeightView target)
    {
        if (weight.IsVector)
        {
            DecodeVector(weight, new Span<byte>(target.Pointer, checked((int)target.RowBytes)));
            return;
        }

        GgufTensorType type = _file.Require(weight.Stored);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> stored = _file.Rows(weight.Stored, weight.FirstRow + weight.PlaceOf(firstRow + row));
            var values = new Span<byte>(target.RowPointer(row), checked((int)target.RowBytes));
            if (target.ElementType.ToTensorType() == type)
            {
                stored.CopyTo(values); // in another order only
            }
            else
            {
                BlockCodec.Decode(type, stored, MemoryMarshal.Cast<byte, float>(values));
            }
        }
    }

    private void DecodeVector(GgufWeight weight, Span<byte> target)
    {
        float[] stored = new float[weight.Stored.Columns];
        _file.Decode(weight.Stored, 0, stored);
        float[] ordered = new float[stored.Length];
        for (int i = 0; i < ordered.Length; i++)
        {
            ordered[i] = stored[weight.PlaceOf(i)];
        }

        BlockCodec.Encode(weight.Entry.ElementType!.Value.ToTensorType(), ordered, target);
    }
}
