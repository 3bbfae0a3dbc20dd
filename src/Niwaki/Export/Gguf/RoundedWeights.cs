using Niwaki.Formats.Gguf;
using Niwaki.Formats.Gguf.Codecs;
using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Kernels;
using Niwaki.Tensors;

namespace Niwaki.Export.Gguf;

/// <summary>The tensors of a model as a file gives them back: matrices encoded and decoded, a row at a time, when they are read.</summary>
/// <param name="source">The model; outlives this.</param>
/// <param name="types">Encodings of its matrices by their names in the source; what is not among them is as in the source.</param>
internal sealed unsafe class RoundedWeights(Checkpoint source, IReadOnlyDictionary<string, GgufTensorType> types) : IWeightSource
{
    /// <inheritdoc />
    public IReadOnlyList<SafetensorsEntry> Entries => [.. source.Tensors.Select(Rounded)];

    /// <inheritdoc />
    public long FileBytes => source.WeightFileBytes;

    /// <inheritdoc />
    public SafetensorsEntry? Find(string name) => source.Find(name) is { } entry ? Rounded(entry) : null;

    /// <inheritdoc />
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape) => Rounded(source.Require(name, shape));

    /// <inheritdoc />
    public BorrowedWeights Borrow(SafetensorsEntry entry, int firstRow, int rows)
    {
        if (!Rounds(entry.Name))
        {
            return entry.Shape.Count == 1
                ? source.Borrow(entry.Name, checked((int)entry.Shape[0]))
                : source.BorrowStored(entry.Name, checked((int)entry.Shape[0]), checked((int)entry.Shape[1]), firstRow, rows);
        }

        (int allRows, int columns) = (checked((int)entry.Shape[0]), checked((int)entry.Shape[1]));
        GgufTensorType type = types[entry.Name];
        using BorrowedWeights stored = source.BorrowStored(entry.Name, allRows, columns, firstRow, rows);
        byte[] encoded = new byte[type.RowBytes(columns)];
        var buffer = new NativeBuffer<float>((long)rows * columns);
        try
        {
            for (int row = 0; row < rows; row++)
            {
                var numbers = new Span<float>(buffer.Pointer + ((long)row * columns), columns);
                WeightValues.Widen(stored.View, row, numbers);
                BlockCodec.Encode(type, numbers, encoded);
                BlockCodec.Decode(type, encoded, numbers);
            }

            return new BorrowedWeights(new WeightView(buffer.Pointer, ElementType.F32, rows, columns), buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ElementType StoredType(SafetensorsEntry entry) =>
        Rounds(entry.Name) || entry.Shape.Count != 2 ? entry.ElementType!.Value : source.StoredType(entry.Name, checked((int)entry.Shape[0]), checked((int)entry.Shape[1]));

    /// <inheritdoc />
    public BorrowedWeights BorrowStored(SafetensorsEntry entry, int firstRow, int rows) => Borrow(entry, firstRow, rows);

    /// <inheritdoc />
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Rounded tensors are computed with, not copied.");

    /// <inheritdoc />
    public void Dispose()
    {
        // The source belongs to somebody else.
    }

    /// <summary>Whether an encoding may change numbers of a matrix.</summary>
    private bool Rounds(string name) => types.ContainsKey(name);

    private SafetensorsEntry Rounded(SafetensorsEntry entry) =>
        Rounds(entry.Name) ? new SafetensorsEntry(entry.Name, nameof(ElementType.F32), entry.Shape, entry.ByteOffset, checked(entry.Count * sizeof(float))) : entry;
}
