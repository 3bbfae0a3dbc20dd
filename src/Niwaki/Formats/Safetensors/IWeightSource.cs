using Niwaki.Tensors;
namespace Niwaki.Formats.Safetensors;

/// <summary>Where the tensors of a checkpoint come from; they have the names, shapes and element types of a Hugging Face checkpoint.</summary>
internal interface IWeightSource : IDisposable
{
    /// <summary>All tensors in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Bytes of all weight files.</summary>
    public long FileBytes { get; }

    /// <summary>Looks a tensor up; null where there is none of that name.</summary>
    public SafetensorsEntry? Find(string name);

    /// <summary>A tensor of which name, shape and element type are as expected.</summary>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape);

    /// <summary>Some rows of a matrix, or a vector as one row, for the time of their use.</summary>
    /// <param name="entry">A tensor of this source that <see cref="Require"/> has seen.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Rows.</param>
    public BorrowedWeights Borrow(SafetensorsEntry entry, int firstRow, int rows);

    /// <summary>How the numbers of a matrix lie in the file where the engine can read them so, else the element type of the checkpoint.</summary>
    /// <param name="entry">A tensor of this source that <see cref="Require"/> has seen.</param>
    public ElementType StoredType(SafetensorsEntry entry);

    /// <summary>As <see cref="Borrow"/>, in <see cref="StoredType"/>.</summary>
    /// <param name="entry">A matrix of this source that <see cref="Require"/> has seen.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Rows.</param>
    public BorrowedWeights BorrowStored(SafetensorsEntry entry, int firstRow, int rows);

    /// <summary>Writes the bytes of a tensor, of any element type, to a stream.</summary>
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken);
}
