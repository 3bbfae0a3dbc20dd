using Niwaki.Formats.Safetensors;
using Niwaki.Tensors;

namespace Niwaki.Formats.HuggingFace;

/// <summary>A Hugging Face model folder: config.json, safetensors weights in one file or in shards, and the files beside them.</summary>
/// <remarks>
/// Opening checks every header but reads no weights. Tensors of every element type are listed and can be copied; only F32, F16 and BF16
/// can be viewed. Views point into the mapped files and must not be used after <see cref="Dispose"/>: reading through one then ends the
/// process. Reading is thread safe.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    private readonly CheckpointWeights _weights;
    private readonly Lazy<string> _structureHash;

    private Checkpoint(string folder, ConfigDocument config, ConfigDocument? generationConfig, CheckpointWeights weights)
    {
        Folder = folder;
        Config = config;
        GenerationConfig = generationConfig;
        _weights = weights;
        _structureHash = new Lazy<string>(() => TensorHash.OfStructure(weights.Entries));
    }

    /// <summary>The model folder, after <see cref="ModelFolder.Resolve"/>.</summary>
    public string Folder { get; }

    /// <summary>config.json.</summary>
    public ConfigDocument Config { get; }

    /// <summary>generation_config.json; null when the folder has none.</summary>
    public ConfigDocument? GenerationConfig { get; }

    /// <summary>All tensors: shard by shard in the order of their file names, inside a shard in the order of the bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors => _weights.Entries;

    /// <summary>Bytes of all weight files.</summary>
    public long WeightFileBytes => _weights.FileBytes;

    /// <summary>Names of the files to be handed on unchanged with the model (tokenizer, templates, licence), sorted.</summary>
    public IReadOnlyList<string> SideFiles => HuggingFace.SideFiles.In(Folder);

    /// <summary>SHA-256 over name and shape of all tensors sorted by name: 64 lower-case hexadecimal digits.</summary>
    public string StructureHash => _structureHash.Value;

    /// <summary>Opens a model folder.</summary>
    /// <param name="folder">A model folder, or a run folder, which means its <c>model</c> folder.</param>
    /// <exception cref="ModelFormatException">There is no model at the path, or one of its files breaks its format.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static Checkpoint Open(string folder)
    {
        string resolved = ModelFolder.Resolve(folder);
        ConfigDocument config = ConfigDocument.Read(Path.Combine(resolved, ModelFolder.ConfigName));
        string generationPath = Path.Combine(resolved, ModelFolder.GenerationConfigName);
        ConfigDocument? generation = File.Exists(generationPath) ? ConfigDocument.Read(generationPath) : null;
        return new Checkpoint(resolved, config, generation, CheckpointWeights.Open(resolved));
    }

    /// <summary>Whether there is a tensor of a name.</summary>
    /// <param name="name">Name of the tensor.</param>
    public bool Contains(string name) => _weights.Find(name) is not null;

    /// <summary>Looks a tensor up.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <returns>The tensor, or null when there is none of that name.</returns>
    public SafetensorsEntry? Find(string name) => _weights.Find(name)?.Find(name);

    /// <summary>A matrix, where it lies in its file.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <returns>[rows, columns], owned by this checkpoint.</returns>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public WeightView Matrix(string name, int rows, int columns) =>
        _weights.Require(name, MessageText.Shape([rows, columns])).Matrix(name, rows, columns);

    /// <summary>A vector, where it lies in its file.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">Elements expected.</param>
    /// <returns>[1, length], owned by this checkpoint.</returns>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public WeightView Vector(string name, int length) =>
        _weights.Require(name, MessageText.Shape([length])).Vector(name, length);

    /// <summary>A matrix for the time of its use; unlike <see cref="Matrix"/> it leaves no decoded copy behind.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="rows">Rows (outputs) expected.</param>
    /// <param name="columns">Columns (inputs) expected.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public BorrowedWeights Borrow(string name, int rows, int columns) => new(Matrix(name, rows, columns));

    /// <summary>A vector for the time of its use.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">Elements expected.</param>
    /// <exception cref="ModelFormatException">There is no such tensor, or it has another shape.</exception>
    /// <exception cref="UnsupportedModelException">The element type is none of F32, F16, BF16.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public BorrowedWeights Borrow(string name, int length) => new(Vector(name, length));

    /// <summary>Writes the bytes of a tensor, of any element type, to a stream.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="destination">Receives the bytes, a chunk at a time.</param>
    /// <param name="cancellationToken">Looked at between chunks.</param>
    /// <exception cref="ModelFormatException">There is no such tensor.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public void CopyTensor(string name, Stream destination, CancellationToken cancellationToken = default) =>
        _weights.Require(name, "a tensor of that name").CopyTensor(name, destination, cancellationToken);

    /// <summary>Copies <see cref="SideFiles"/> byte for byte into another folder.</summary>
    /// <param name="folder">Target; exists. Files of the same names are replaced.</param>
    /// <exception cref="IOException">A file cannot be read, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public void CopySideFiles(string folder)
    {
        foreach (string name in SideFiles)
        {
            AtomicFile.Copy(Path.Combine(Folder, name), Path.Combine(folder, name));
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
    public void Dispose() => _weights.Dispose();
}
