using Niwaki.Formats.HuggingFace;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Export.HuggingFace;

/// <summary>The tensors of a model filled up with zeros, made when they are read.</summary>
/// <param name="source">The model; outlives this.</param>
/// <param name="tensors">Its tensors, see <see cref="ExportTensors"/>.</param>
internal sealed unsafe class PaddedWeights(Checkpoint source, IReadOnlyList<ExportTensor> tensors) : IWeightSource
{
    private readonly Dictionary<string, (SafetensorsEntry Entry, ExportTensor Tensor)> _byName = tensors.ToDictionary(
        tensor => tensor.Target.Name,
        tensor => (new SafetensorsEntry(tensor.Target.Name, tensor.Target.DataType, tensor.Target.Shape, 0, tensor.Target.ByteLength), tensor),
        StringComparer.Ordinal);

    /// <inheritdoc />
    public IReadOnlyList<SafetensorsEntry> Entries => [.. tensors.Select(tensor => _byName[tensor.Target.Name].Entry)];

    /// <inheritdoc />
    public long FileBytes => source.WeightFileBytes;

    /// <inheritdoc />
    public SafetensorsEntry? Find(string name) => _byName.TryGetValue(name, out (SafetensorsEntry Entry, ExportTensor Tensor) found) ? found.Entry : null;

    /// <inheritdoc />
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape)
    {
        SafetensorsEntry entry = Find(name) ?? throw SafetensorsFile.Missing(source.Folder, name, Formats.MessageText.Shape(shape.ToArray()));
        SafetensorsFile.Check(source.Folder, entry, shape);
        return entry;
    }

    /// <inheritdoc />
    public BorrowedWeights Borrow(SafetensorsEntry entry, int firstRow, int rows)
    {
        ExportTensor tensor = _byName[entry.Name].Tensor;
        using BorrowedWeights? stored = Open(tensor);
        var buffer = new NativeBuffer<byte>((long)rows * tensor.RowBytes);
        try
        {
            for (int row = 0; row < rows; row++)
            {
                tensor.FillRow(stored?.View, firstRow + row, new Span<byte>(buffer.Pointer + ((long)row * tensor.RowBytes), tensor.RowBytes));
            }

            ElementType type = entry.ElementType!.Value;
            return new BorrowedWeights(new WeightView(buffer.Pointer, type, rows, tensor.RowBytes / type.SizeInBytes()), buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ElementType StoredType(SafetensorsEntry entry) => entry.ElementType!.Value;

    /// <inheritdoc />
    public BorrowedWeights BorrowStored(SafetensorsEntry entry, int firstRow, int rows) => Borrow(entry, firstRow, rows);

    /// <inheritdoc />
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken)
    {
        SafetensorsEntry entry = Find(name) ?? throw SafetensorsFile.Missing(source.Folder, name, "a tensor of that name");
        _byName[entry.Name].Tensor.Write(source, destination, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // The source belongs to somebody else.
    }

    private BorrowedWeights? Open(ExportTensor tensor)
    {
        if (tensor.CopyOf is not { } name)
        {
            return tensor.Stored?.Invoke();
        }

        IReadOnlyList<long> shape = tensor.Target.Shape;
        return shape.Count == 1 ? source.Borrow(name, checked((int)shape[0])) : source.Borrow(name, checked((int)shape[0]), checked((int)shape[1]));
    }
}
