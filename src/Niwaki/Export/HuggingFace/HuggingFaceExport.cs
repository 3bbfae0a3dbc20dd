using Niwaki.Evaluation;
using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Export.HuggingFace;

/// <summary>Writes a model as a Hugging Face folder that other software loads, in the shapes of a profile.</summary>
/// <remarks>
/// Tensors stream one after another, and elements keep their type and bits; what a profile needs beyond the model is zero. Planning refuses what a
/// profile cannot hold before a byte is written.
/// </remarks>
public sealed class HuggingFaceExport
{
    private readonly Checkpoint _source;
    private readonly ModelConfig _config;
    private readonly ExportOptions _options;
    private readonly ConfigDocument _document;
    private readonly IReadOnlyList<ExportTensor> _tensors;

    private HuggingFaceExport(Checkpoint source, ModelConfig config, ShapeProfile profile, ExportOptions options)
    {
        _source = source;
        _config = config;
        _options = options;
        Profile = profile;
        Shapes = ExportShapes.Of(source, config, profile, options.PadTo);
        _document = ExportConfigs.Of(source.Config, config, profile, Shapes);
        _tensors = ExportTensors.Of(source, config, Shapes, ExportConfigs.Features(config, profile));
    }

    /// <summary>The profile.</summary>
    public ShapeProfile Profile { get; }

    /// <summary>Sizes of every block in the folder.</summary>
    public IReadOnlyList<BlockShape> Shapes { get; }

    /// <summary>The value of <c>model_type</c> in the folder.</summary>
    public string ModelType => _document.GetString("model_type");

    /// <summary>Bytes of all tensors.</summary>
    public long WeightBytes => _tensors.Sum(tensor => tensor.Target.ByteLength);

    /// <summary>Whether blocks were filled up with zeros.</summary>
    public bool IsPadded => !Shapes.SequenceEqual(_config.Blocks);

    /// <summary>Plans a folder.</summary>
    /// <param name="source">The model; must stay open until the folder is written.</param>
    /// <param name="config">Its config.</param>
    /// <param name="profile">depth, uniform, hetero-hf, nemotron-nas or padded.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <exception cref="UnsupportedModelException">The profile cannot hold the model, or a tensor to be filled up is none of F32, F16 and BF16.</exception>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape than the config says.</exception>
    public static HuggingFaceExport Plan(Checkpoint source, ModelConfig config, ShapeProfile profile, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        return new HuggingFaceExport(source, config, profile, options ?? new ExportOptions());
    }

    /// <summary>Writes the folder, which appears when it is complete.</summary>
    /// <param name="folder">Target; nothing is there yet.</param>
    /// <param name="progress">Told the bytes of weights written so far; null: nobody.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    /// <exception cref="IOException">The target exists already, a file cannot be read, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left.</exception>
    public void Write(string folder, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var writer = new CheckpointWriter([.. _tensors.Select(tensor => tensor.Target)], _options.MaxShardBytes);
        NewFolder.Build(folder, temporary =>
        {
            _document.WriteTo(Path.Combine(temporary, ModelFolder.ConfigName));
            _source.CopySideFiles(temporary);
            foreach (string name in PythonFiles.Of(Profile))
            {
                PythonFiles.Write(name, temporary);
            }

            AtomicFile.WriteAllText(Path.Combine(temporary, ExportCard.FileName), ExportCard.Text(this, _source, _config));
            int written = 0;
            long bytes = 0;
            writer.Write(
                temporary,
                (tensor, stream) =>
                {
                    _tensors[written++].Write(_source, stream, cancellationToken);
                    bytes += tensor.ByteLength;
                    progress?.Report(bytes);
                },
                cancellationToken);
        });
    }

    /// <summary>Looks whether <see cref="Verify"/> has the memory that it will need, for the model and for what is to be written, before anything is.</summary>
    /// <param name="team">Threads.</param>
    /// <param name="memoryBytes">Memory for both models together; null: no bound.</param>
    /// <exception cref="MemoryBudgetException">It has not.</exception>
    public void RequireMemory(ThreadTeam team, long? memoryBytes)
    {
        Transformer.PlanMemory(_source, _config, team, memoryBytes / 2);
        using Checkpoint written = _source.With(new PaddedWeights(_source, _tensors));
        Transformer.PlanMemory(written, _config with { Blocks = Shapes, Features = ExportConfigs.Features(_config, Profile) }, team, memoryBytes / 2);
    }

    /// <summary>Loads a written folder and compares its logits with those of the model on random tokens.</summary>
    /// <param name="folder">The folder; whatever comes out, it stays as it is.</param>
    /// <param name="team">Threads.</param>
    /// <param name="memoryBytes">Memory for both models together; null: no bound.</param>
    /// <param name="cancellationToken">Ends the comparison.</param>
    /// <returns>The difference, at most <see cref="LogitDifference.DefaultThreshold"/>.</returns>
    /// <exception cref="VerificationException">The difference is larger.</exception>
    public LogitDifference Verify(string folder, ThreadTeam team, long? memoryBytes = null, CancellationToken cancellationToken = default)
    {
        LogitDifference difference = ExportCheck.Measure(_source, _config, folder, team, memoryBytes, cancellationToken);
        difference.ThrowIfAbove(folder);
        return difference;
    }
}
