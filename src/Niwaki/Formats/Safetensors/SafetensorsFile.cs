using Niwaki.Tensors;

namespace Niwaki.Formats.Safetensors;

/// <summary>A safetensors file, mapped into memory and fully checked when opened.</summary>
/// <remarks>
/// Views point into the mapped file and must not be used after <see cref="Dispose"/>: reading through one then ends the process.
/// Reading is thread safe. Files of any length work; only the pages touched take memory, and the system may drop them again.
/// </remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    /// <summary>Bytes handed to a stream at once: large enough that the call costs nothing, small enough for any cache.</summary>
    private const int ChunkBytes = 1 << 20;

    private readonly MappedFile _map;
    private readonly SafetensorsHeader _header;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsFile(string path, MappedFile map, SafetensorsHeader header)
    {
        FilePath = path;
        _map = map;
        _header = header;
        _byName = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>Path the file was opened with.</summary>
    public string FilePath { get; }

    /// <summary>Bytes of the file.</summary>
    public long ByteLength => _map.Length;

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The texts under <c>__metadata__</c>; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Maps a file and checks its whole header.</summary>
    /// <param name="path">File.</param>
    /// <exception cref="IOException">The file does not exist or cannot be mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ModelFormatException">The header breaks a rule of the format, or does not fit the length of the file.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var map = new MappedFile(path);
        try
        {
            int headerBytes = SafetensorsHeader.ReadLength(
                new ReadOnlySpan<byte>(map.Pointer, (int)Math.Min(map.Length, SafetensorsHeader.LengthBytes)), map.Length, path);
            var json = new ReadOnlySpan<byte>(map.Pointer + SafetensorsHeader.LengthBytes, headerBytes);
            return new SafetensorsFile(path, map, SafetensorsHeader.Parse(json, map.Length, path));
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
    public SafetensorsEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A matrix of the file, where it lies.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <returns>[rows, columns], owned by this file.</returns>
    /// <exception cref="ModelFormatException">The file has no such tensor, or one of another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public WeightView Matrix(string name, int rows, int columns) => View(name, rows, columns, [rows, columns]);

    /// <summary>A vector of the file, where it lies.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">Elements expected.</param>
    /// <returns>[1, length], owned by this file.</returns>
    /// <exception cref="ModelFormatException">The file has no such tensor, or one of another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public WeightView Vector(string name, int length) => View(name, 1, length, [length]);

    /// <summary>Writes the bytes of a tensor, of any element type, to a stream.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="destination">Receives the bytes, a chunk at a time.</param>
    /// <param name="cancellationToken">Looked at between chunks.</param>
    /// <exception cref="ModelFormatException">The file has no such tensor.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        SafetensorsEntry entry = Find(name) ?? throw Missing(FilePath, name, "a tensor of that name");
        for (long done = 0; done < entry.ByteLength; done += ChunkBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int bytes = (int)Math.Min(ChunkBytes, entry.ByteLength - done);
            destination.Write(new ReadOnlySpan<byte>(_map.Pointer + entry.ByteOffset + done, bytes));
        }
    }

    /// <inheritdoc />
    public void Dispose() => _map.Dispose();

    /// <summary>The error for a tensor that is not there.</summary>
    internal static ModelFormatException Missing(string file, string name, string expected) =>
        new(file, $"tensor '{MessageText.Shown(name)}'", "is missing", expected);

    /// <summary>A tensor of which name, shape and element type are as expected.</summary>
    internal SafetensorsEntry Require(string name, ReadOnlySpan<long> shape)
    {
        SafetensorsEntry entry = Find(name) ?? throw Missing(FilePath, name, MessageText.Shape(shape.ToArray()));
        Check(FilePath, entry, shape);
        return entry;
    }

    /// <summary>Some rows of a tensor, where they lie.</summary>
    internal WeightView View(SafetensorsEntry entry, int firstRow, int rows)
    {
        int columns = checked((int)entry.Shape[^1]);
        var whole = new WeightView(_map.Pointer + entry.ByteOffset, entry.ElementType!.Value, entry.Shape.Count == 1 ? 1 : checked((int)entry.Shape[0]), columns);
        return whole.SliceRows(firstRow, rows);
    }

    /// <summary>Refuses a tensor of another shape or of an element type that the engine does not compute with.</summary>
    internal static void Check(string file, SafetensorsEntry entry, ReadOnlySpan<long> shape)
    {
        string item = $"tensor '{MessageText.Shown(entry.Name)}'";
        if (!shape.SequenceEqual([.. entry.Shape]))
        {
            throw new ModelFormatException(file, item, $"has shape {MessageText.Shape(entry.Shape)}", MessageText.Shape(shape.ToArray()), entry.ByteOffset);
        }

        if (entry.ElementType is null)
        {
            throw new UnsupportedModelException(file, item, $"has dtype {entry.DataType}", "F32, F16 or BF16", "Convert the model to one of these first.");
        }
    }

    private WeightView View(string name, int rows, int columns, long[] shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        return new WeightView(_map.Pointer + Require(name, shape).ByteOffset, Find(name)!.ElementType!.Value, rows, columns);
    }
}
