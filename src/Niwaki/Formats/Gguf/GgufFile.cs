using Niwaki.Formats.Gguf.Codecs;

namespace Niwaki.Formats.Gguf;

/// <summary>A GGUF file, mapped into memory and fully checked when opened.</summary>
/// <remarks>Reading is thread safe. Only the pages touched take memory. Nothing may be read after <see cref="Dispose"/>.</remarks>
public sealed unsafe class GgufFile : IDisposable
{
    /// <summary>How files of the format are called.</summary>
    public const string Extension = ".gguf";

    private readonly MappedFile _map;
    private readonly GgufHeader _header;
    private readonly Dictionary<string, GgufTensor> _byName;

    private GgufFile(string path, MappedFile map, GgufHeader header)
    {
        FilePath = path;
        _map = map;
        _header = header;
        _byName = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Path the file was opened with.</summary>
    public string FilePath { get; }

    /// <summary>Bytes of the file.</summary>
    public long ByteLength => _map.Length;

    /// <summary>Everything that is no tensor.</summary>
    public GgufMetadata Metadata => _header.Metadata;

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _header.Tensors;

    /// <summary>Maps a file and checks its whole header.</summary>
    /// <param name="path">File.</param>
    /// <exception cref="IOException">The file does not exist or cannot be mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ModelFormatException">The header breaks a rule of the format, or does not fit the length of the file.</exception>
    /// <exception cref="UnsupportedModelException">The file is of another version or byte order.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var map = new MappedFile(path);
        try
        {
            return new GgufFile(path, map, GgufHeader.Read(new GgufCursor(map, path)));
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <returns>The tensor, or null when the file has none of that name.</returns>
    public GgufTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The stored bytes of some rows of a tensor.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Rows; their bytes are fewer than 2^31.</param>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public ReadOnlySpan<byte> Rows(GgufTensor tensor, long firstRow, int rows = 1)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + rows, tensor.Rows, nameof(rows));
        long rowBytes = tensor.Rows == 0 ? 0 : tensor.ByteLength / tensor.Rows;
        return new ReadOnlySpan<byte>(_map.Pointer + tensor.ByteOffset + (firstRow * rowBytes), checked((int)(rows * rowBytes)));
    }

    /// <summary>One row of a tensor as float32 numbers: widened, or its blocks decoded.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="row">Row.</param>
    /// <param name="destination">[columns], written.</param>
    /// <exception cref="UnsupportedModelException">The encoding cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public void Decode(GgufTensor tensor, long row, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        BlockCodec.Decode(Require(tensor), Rows(tensor, row), destination);
    }

    /// <inheritdoc />
    public void Dispose() => _map.Dispose();

    /// <summary>First byte of a tensor.</summary>
    internal byte* Pointer(GgufTensor tensor) => _map.Pointer + tensor.ByteOffset;

    /// <summary>The encoding of a tensor; an error where it cannot be read.</summary>
    internal GgufTensorType Require(GgufTensor tensor) => tensor.Type ?? throw new UnsupportedModelException(
        FilePath,
        $"tensor '{MessageText.Shown(tensor.Name)}'",
        $"is stored as {GgufTensorTypes.NameOf(tensor.TypeNumber)}",
        $"one of {GgufTensorTypes.ReadableNames}",
        "Use a file of another quantisation.");
}
