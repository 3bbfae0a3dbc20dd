using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.HuggingFace;

/// <summary>A Hugging Face model folder: config.json, safetensors weights in one file or in shards, and the files beside them; or a GGUF file as if it were one.</summary>
/// <remarks>
/// Opening checks every header but reads no weights. Tensors of every element type are listed and can be copied; only F32, F16 and BF16
/// can be viewed. Views point into the mapped files and must not be used after <see cref="Dispose"/>: reading through one then ends the
/// process. Reading is thread safe.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    private readonly IWeightSource _weights;
    private readonly Lazy<IReadOnlyDictionary<string, byte[]>>? _sideFiles;
    private readonly Lazy<string> _structureHash;
    private readonly ConcurrentDictionary<(string Name, bool AsStored), BorrowedWeights> _kept = new();

    private Checkpoint(
        string folder, ConfigDocument config, ConfigDocument? generationConfig, IWeightSource weights, Func<IReadOnlyDictionary<string, byte[]>>? sideFiles = null)
    {
        Folder = folder;
        Config = config;
        GenerationConfig = generationConfig;
        _weights = weights;
        _sideFiles = sideFiles is null ? null : new Lazy<IReadOnlyDictionary<string, byte[]>>(sideFiles);
        _structureHash = new Lazy<string>(() => TensorHash.OfStructure(weights.Entries));
    }

    /// <summary>The model folder, after <see cref="ModelFolder.Resolve"/>; of a GGUF model its file.</summary>
    public string Folder { get; }

    /// <summary>What the model is called: its folder or its file without the extension; the folder of the run where it is called <c>model</c>.</summary>
    public string Name
    {
        get
        {
            string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder));
            string name = File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(path);
            string? parent = Path.GetFileName(Path.GetDirectoryName(path));
            return name == "model" && !string.IsNullOrEmpty(parent) ? parent : name;
        }
    }

    /// <summary>config.json.</summary>
    public ConfigDocument Config { get; }

    /// <summary>generation_config.json; null when the folder has none.</summary>
    public ConfigDocument? GenerationConfig { get; }

    /// <summary>All tensors: shard by shard in the order of their file names, inside a shard in the order of the bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors => _weights.Entries;

    /// <summary>Bytes of all weight files.</summary>
    public long WeightFileBytes => _weights.FileBytes;

    /// <summary>Names of the files to be handed on unchanged with the model (tokenizer, templates, licence), sorted; those inside a folder with it in front.</summary>
    public IReadOnlyList<string> SideFiles =>
        _sideFiles is null ? HuggingFace.SideFiles.In(Folder) : [.. _sideFiles.Value.Keys.Order(StringComparer.Ordinal)];

    /// <summary>SHA-256 over name and shape of all tensors sorted by name: 64 lower-case hexadecimal digits.</summary>
    public string StructureHash => _structureHash.Value;

    /// <summary>Opens a model.</summary>
    /// <param name="folder">A model folder, a run folder, which means its <c>model</c> folder, or a GGUF file.</param>
    /// <exception cref="ModelFormatException">There is no model at the path, or one of its files breaks its format.</exception>
    /// <exception cref="UnsupportedModelException">A GGUF file holds a model of an unknown kind.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static Checkpoint Open(string folder)
    {
        if (ModelFolder.IsGguf(folder))
        {
            return OpenGguf(folder);
        }

        string resolved = ModelFolder.Resolve(folder);
        ConfigDocument config = ConfigDocument.Read(Path.Combine(resolved, ModelFolder.ConfigName));
        string generationPath = Path.Combine(resolved, ModelFolder.GenerationConfigName);
        ConfigDocument? generation = File.Exists(generationPath) ? ConfigDocument.Read(generationPath) : null;
        return new Checkpoint(resolved, config, generation, CheckpointWeights.Open(resolved));
    }

    /// <summary>Whether there is a tensor of a name.</summary>
    /// <param name="name">Name of the tensor.</param>
    public bool Contains(string name) => Find(name) is not null;

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <returns>The tensor, or null when there is none of that name.</returns>
    public SafetensorsEntry? Find(string name) => _weights.Find(name);

    /// <summary>A tensor of which name, shape and element type are as expected; its numbers are not touched.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="shape">Dimensions expected, slowest first.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    public SafetensorsEntry Require(string name, params ReadOnlySpan<long> shape) => _weights.Require(name, shape);

    /// <summary>A matrix, where it lies in its file; one that has to be decoded is kept in memory until the checkpoint is disposed of.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <returns>[rows, columns], owned by this checkpoint.</returns>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public WeightView Matrix(string name, int rows, int columns) => Keep(_weights.Require(name, rows, columns), rows, asStored: false);

    /// <summary>A vector, where it lies in its file; one that has to be decoded is kept in memory until the checkpoint is disposed of.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">Elements expected.</param>
    /// <returns>[1, length], owned by this checkpoint.</returns>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public WeightView Vector(string name, int length) => Keep(_weights.Require(name, length), 1, asStored: false);

    /// <summary>A matrix for the time of its use; unlike <see cref="Matrix"/> it leaves no decoded copy behind.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public BorrowedWeights Borrow(string name, int rows, int columns) => _weights.Borrow(_weights.Require(name, rows, columns), 0, rows);

    /// <summary>A vector for the time of its use.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">Elements expected.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public BorrowedWeights Borrow(string name, int length) => _weights.Borrow(_weights.Require(name, length), 0, 1);

    /// <summary>How the numbers of a matrix lie in its file: <see cref="ElementType.Q8_0"/> or the element type that <see cref="Tensors"/> says.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none that can be read.</exception>
    public ElementType StoredType(string name, int rows, int columns) => _weights.StoredType(_weights.Require(name, rows, columns));

    /// <summary>As <see cref="Matrix"/>, in <see cref="StoredType"/>.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <returns>[rows, columns], owned by this checkpoint.</returns>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none that can be read.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public WeightView StoredMatrix(string name, int rows, int columns)
    {
        SafetensorsEntry entry = _weights.Require(name, rows, columns);
        return Keep(entry, rows, _weights.StoredType(entry) != entry.ElementType);
    }

    /// <summary>Some rows of a matrix for the time of their use, in <see cref="StoredType"/>.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows of the whole matrix expected.</param>
    /// <param name="columns">Columns expected.</param>
    /// <param name="firstRow">First row wanted.</param>
    /// <param name="rowCount">Rows wanted.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none that can be read.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public BorrowedWeights BorrowStored(string name, int rows, int columns, int firstRow, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstRow + rowCount, rows, nameof(rowCount));
        return _weights.BorrowStored(_weights.Require(name, rows, columns), firstRow, rowCount);
    }

    /// <summary>Writes the bytes of a tensor, of any element type, to a stream.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="destination">Receives the bytes, a chunk at a time.</param>
    /// <param name="cancellationToken">Looked at between chunks.</param>
    /// <exception cref="ModelFormatException">There is no such tensor.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken = default) =>
        _weights.CopyTensor(name, destination, cancellationToken);

    /// <summary>Copies <see cref="SideFiles"/> byte for byte into another folder; a GGUF model's are made from its metadata.</summary>
    /// <param name="folder">Target; exists. Files of the same names are replaced.</param>
    /// <exception cref="IOException">A file cannot be read, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public void CopySideFiles(string folder)
    {
        foreach (string name in SideFiles)
        {
            if (_sideFiles is null)
            {
                HuggingFace.SideFiles.Copy(Folder, name, folder);
            }
            else
            {
                AtomicFile.WriteAllBytes(Path.Combine(folder, name), _sideFiles.Value[name]);
            }
        }
    }

    /// <summary>SHA-256 over name, element type, shape and bytes of all tensors sorted by name: 64 lower-case hexadecimal digits.</summary>
    /// <remarks>Does not depend on how the tensors are spread over files. Reads all weights, a chunk at a time.</remarks>
    /// <param name="cancellationToken">Looked at between chunks.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public string ContentHash(CancellationToken cancellationToken = default) =>
        TensorHash.OfContent(_weights.Entries, (name, stream) => CopyTensor(name, stream, cancellationToken));

    /// <summary>Unmaps the weight files; views must no longer be used.</summary>
    public void Dispose()
    {
        foreach (BorrowedWeights kept in _kept.Values)
        {
            kept.Dispose();
        }

        _kept.Clear();
        _weights.Dispose();
    }

    /// <summary>The same model with other tensors, which it owns.</summary>
    internal Checkpoint With(IWeightSource weights) => new(Folder, Config, GenerationConfig, weights, _sideFiles is null ? null : () => _sideFiles.Value);

    private static Checkpoint OpenGguf(string path)
    {
        var model = GgufModel.Open(path);
        try
        {
            ConfigDocument config = ConfigDocument.Parse(Utf8(model.Config), path);
            return new Checkpoint(path, config, null, model.Weights, model.TokenizerFiles);
        }
        catch
        {
            model.Weights.Dispose();
            throw;
        }

        static byte[] Utf8(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private WeightView Keep(SafetensorsEntry entry, int rows, bool asStored)
    {
        if (_kept.TryGetValue((entry.Name, asStored), out BorrowedWeights? kept))
        {
            return kept.View;
        }

        lock (_kept)
        {
            return _kept.GetOrAdd((entry.Name, asStored), _ => asStored ? _weights.BorrowStored(entry, 0, rows) : _weights.Borrow(entry, 0, rows)).View;
        }
    }
}
