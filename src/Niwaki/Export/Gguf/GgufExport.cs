using Niwaki.Evaluation;
using Niwaki.Formats;
using Niwaki.Formats.Gguf;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

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
    private readonly Dictionary<string, GgufTensorType> _rounded;

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
        _rounded = jobs.SelectMany(job => Matrices([job]).Select(part => (part, job.Target.Type)))
            .Where(pair => pair.Type != GgufTensorType.F32 && StoredType(source, pair.part).ToTensorType() != pair.Type)
            .ToDictionary(pair => pair.part.Source!, pair => pair.Type, StringComparer.Ordinal);
    }

    /// <summary>The architecture that llama.cpp will see.</summary>
    public string Architecture { get; }

    /// <summary>Encoding of the matrices that it fits.</summary>
    public GgufTensorType Type { get; }

    /// <summary>The usual name of such a file: name, parameters and encoding.</summary>
    public string FileName { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<GgufPlannedTensor> Tensors => _writer.Tensors;

    /// <summary>Matrices that are stored as F16, because their rows are no whole blocks of <see cref="Type"/>, or a single one.</summary>
    public IReadOnlyList<GgufPlannedTensor> Fallbacks =>
        Type.IsPlain() ? [] : [.. Tensors.Where(tensor => tensor.Shape.Count > 1 && tensor.Type == GgufTensorType.F16)];

    /// <summary>Whether an encoding may change numbers.</summary>
    public bool IsRounding => _rounded.Count > 0;

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
        var warnings = new List<string>();
        GgufTensorType type = options.Type ?? StoredType(source, config, warnings);
        if (!GgufTensorTypes.Writable.Contains(type))
        {
            throw new ArgumentException($"Encoding is {type}, expected one of {string.Join(", ", GgufTensorTypes.Writable)}.", nameof(options));
        }

        if (config.SlidingWindows.Any(window => window < config.ContextLength))
        {
            int window = config.SlidingWindows.Min(window => window ?? int.MaxValue);
            warnings.Add($"Blocks attend to the last {MessageText.Count(window)} tokens only, which llama.cpp does not do for this architecture: longer texts give other results.");
        }

        GgufContainer container = GgufContainer.Choose(config, source.Folder);
        string name = options.Name ?? source.Name;
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

    /// <summary>Looks whether <see cref="Verify"/> has the memory that it will need, before anything is written.</summary>
    /// <param name="team">Threads.</param>
    /// <param name="memoryBytes">Memory for both models together; null: no bound.</param>
    /// <exception cref="MemoryBudgetException">It has not.</exception>
    public void RequireMemory(ThreadTeam team, long? memoryBytes)
    {
        using Checkpoint rounded = _source.With(new RoundedWeights(_source, _rounded));
        Transformer.PlanMemory(rounded, _config, team, memoryBytes / 2);
    }

    /// <summary>Loads a written file and compares it with the model as the encodings round it: only other orders of summation may tell them apart.</summary>
    /// <param name="path">The file; whatever comes out, it stays as it is.</param>
    /// <param name="team">Threads.</param>
    /// <param name="memoryBytes">Memory for both models together; null: no bound.</param>
    /// <param name="cancellationToken">Ends the comparison.</param>
    /// <returns>The difference, at most <see cref="LogitDifference.DefaultThreshold"/>.</returns>
    /// <exception cref="VerificationException">The difference is larger.</exception>
    /// <exception cref="ModelFormatException">What was written is broken.</exception>
    /// <exception cref="OperationCanceledException">The comparison was ended.</exception>
    public LogitDifference Verify(string path, ThreadTeam team, long? memoryBytes = null, CancellationToken cancellationToken = default)
    {
        using Checkpoint rounded = _source.With(new RoundedWeights(_source, _rounded));
        LogitDifference difference = ExportCheck.Measure(rounded, _config, path, team, memoryBytes, cancellationToken);
        difference.ThrowIfAbove(path);
        return difference;
    }

    /// <summary>How all matrices are stored, or F32, which loses nothing, where they differ or are read as F32.</summary>
    private static GgufTensorType StoredType(Checkpoint source, ModelConfig config, List<string> warnings)
    {
        ElementType[] types = [.. Matrices(GgufTensorPlan.Of(config, GgufContainer.Choose(config, source.Folder), GgufTensorType.F32)).Select(part => StoredType(source, part)).Distinct()];
        GgufTensorType written = types.Length == 1 ? types[0].ToTensorType() : GgufTensorType.F32;
        GgufTensorType[] stored = StoredEncodings(source.Folder) ?? [.. types.Select(type => type.ToTensorType())];
        if (written == GgufTensorType.F32 && stored.Any(type => type != written))
        {
            warnings.Add($"Matrices are stored as {string.Join(" and ", stored.Order())}: all are written as F32, which loses nothing. Give --type for a smaller file.");
        }

        return written;
    }

    /// <summary>The encodings of the matrices in a GGUF file, which a model read from it shows as element types; null for a folder.</summary>
    private static GgufTensorType[]? StoredEncodings(string path)
    {
        if (!ModelFolder.IsGguf(path))
        {
            return null;
        }

        using var file = GgufFile.Open(path);
        return [.. file.Tensors.Where(tensor => tensor.Shape.Count > 1).Select(tensor => tensor.Type).OfType<GgufTensorType>().Distinct()];
    }

    private static ElementType StoredType(Checkpoint source, GgufTensorPart part) => source.StoredType(part.Source!, part.Rows, part.Columns);

    private static IEnumerable<GgufTensorPart> Matrices(IEnumerable<GgufTensorJob> jobs) =>
        jobs.SelectMany(job => job.Parts).Where(part => part.Source is not null && !part.IsVector);
}
