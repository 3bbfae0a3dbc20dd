using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Export.Gguf;

/// <summary>A model about to be written as one GGUF file that a stock llama.cpp loads; everything is decided and checked before a byte is written.</summary>
/// <remarks>
/// Models whose blocks are equal keep the architecture of their family. Others become <c>deci</c> (Llama, Mistral, Qwen2) or <c>openelm</c> (Qwen3 with
/// tied embeddings), whose blocks may differ. Norms and biases are F32.
/// </remarks>
public sealed class GgufExport
{
    private readonly Checkpoint _source;
    private readonly IReadOnlyList<GgufTensorJob> _jobs;
    private readonly GgufWriter _writer;
    private readonly ModelConfig _config;

    private GgufExport(
        Checkpoint source, ModelConfig config, GgufContainer container, GgufTensorType type, string name, IReadOnlyList<GgufTensorJob> jobs, GgufWriter writer, List<string> warnings)
    {
        _source = source;
        _config = config;
        _jobs = jobs;
        _writer = writer;
        Architecture = container.Name;
        Type = type;
        FileName = $"{name}-{ModelSizeLabel.Of(config)}-{type}{GgufFile.Extension}";
        Warnings = warnings;
    }

    /// <summary>The architecture that llama.cpp will see.</summary>
    public string Architecture { get; }

    /// <summary>Encoding of the matrices that it fits.</summary>
    public GgufTensorType Type { get; }

    /// <summary>The usual name of such a file: name, parameters and encoding.</summary>
    public string FileName { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<GgufPlannedTensor> Tensors => _writer.Tensors;

    /// <summary>Matrices that are stored as F16, because their rows are no whole blocks of <see cref="Type"/>.</summary>
    public IReadOnlyList<GgufPlannedTensor> Fallbacks =>
        Type.IsPlain() ? [] : [.. Tensors.Where(tensor => tensor.Shape.Count > 1 && tensor.Type == GgufTensorType.F16)];

    /// <summary>What a user should know: sentences.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Bytes the file will have.</summary>
    public long ByteLength => _writer.ByteLength;

    /// <summary>Decides how a model is written.</summary>
    /// <param name="source">The model; must stay open until it is written.</param>
    /// <param name="config">Its config.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <exception cref="ModelFormatException">A tokenizer file is broken, or there is no embedding table of the config's shape.</exception>
    /// <exception cref="UnsupportedModelException">llama.cpp has no architecture or no tokenizer for the model; the message says why.</exception>
    /// <exception cref="ArgumentException">The encoding cannot be written.</exception>
    public static GgufExport Plan(Checkpoint source, ModelConfig config, GgufExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        options ??= new GgufExportOptions();
        GgufTensorType type = options.Type ?? StoredType(source, config);
        if (!GgufTensorTypes.Writable.Contains(type))
        {
            throw new ArgumentException($"Encoding is {type}, expected one of {string.Join(", ", GgufTensorTypes.Writable)}.", nameof(options));
        }

        var warnings = new List<string>();
        if (config.SlidingWindows.Any(window => window < config.ContextLength))
        {
            int window = config.SlidingWindows.Min(window => window ?? int.MaxValue);
            warnings.Add($"Blocks attend to the last {MessageText.Count(window)} tokens only, which llama.cpp does not do for this architecture: longer texts give other results.");
        }

        GgufContainer container = GgufContainer.Choose(config, source.Folder);
        string name = options.Name ?? Path.GetFileNameWithoutExtension(NameOf(source.Folder));
        List<KeyValuePair<string, GgufValue>> metadata = GgufModelMetadata.Of(config, container, name, type, source.Folder);
        metadata.AddRange(GgufTokenizerMetadata.Of(source.Folder, config, options.PreTokenizer, warnings));
        IReadOnlyList<GgufTensorJob> jobs = GgufTensorPlan.Of(config, container, type);
        var writer = new GgufWriter(metadata, [.. jobs.Select(job => job.Target)]);
        return new GgufExport(source, config, container, type, name, jobs, writer, warnings);
    }

    /// <summary>Writes the file, which appears whole or not at all, and a Modelfile for Ollama beside it.</summary>
    /// <param name="path">Target; nothing is there yet. Missing folders above it are made.</param>
    /// <param name="progress">Told the bytes written so far, after every tensor; null: nobody.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    /// <returns>Path of the Modelfile.</returns>
    /// <exception cref="UnsupportedModelException">A number cannot be stored in the encoding.</exception>
    /// <exception cref="IOException">Something is at the target already, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Write(string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Path.Exists(path))
        {
            throw new IOException($"Target '{path}' exists already, expected a path where nothing is yet. Choose another one, or remove it.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        int written = 0;
        long bytes = 0;
        _writer.Write(
            path,
            (tensor, stream) =>
            {
                GgufTensorEncoder.Write(_source, _jobs[written++], stream, cancellationToken);
                bytes += tensor.ByteLength;
                progress?.Report(bytes);
            },
            cancellationToken);
        return Modelfile.Write(path, _config);
    }

    /// <summary>How the embedding table is stored.</summary>
    private static GgufTensorType StoredType(Checkpoint source, ModelConfig config) =>
        source.StoredType(TensorNames.Embedding, config.VocabularySize, config.HiddenSize).ToTensorType();

    /// <summary>The last part of a path; of the <c>model</c> folder of a run, that of the run.</summary>
    private static string NameOf(string folder)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = Path.GetFileName(path);
        string? parent = Path.GetFileName(Path.GetDirectoryName(path));
        return name == "model" && !string.IsNullOrEmpty(parent) ? parent : name;
    }
}
