using Niwaki.Formats;
using Niwaki.Formats.HuggingFace;
using Niwaki.Models;

namespace Niwaki.Export.HuggingFace;

/// <summary>A model whose blocks are filled up with zeros to one size, as a model to read from: profile <c>padded</c> without a folder between.</summary>
public sealed class PaddedModel : IDisposable
{
    private PaddedModel(Checkpoint checkpoint, ModelConfig config)
    {
        Checkpoint = checkpoint;
        Config = config;
    }

    /// <summary>The tensors; what was added is made when it is read.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The config, all blocks of one size.</summary>
    public ModelConfig Config { get; }

    /// <summary>Fills a model up.</summary>
    /// <param name="source">The model; must stay open while the result is used.</param>
    /// <param name="config">Its config.</param>
    /// <param name="padTo">How far.</param>
    /// <exception cref="UnsupportedModelException">A tensor to be filled up is none of F32, F16 and BF16.</exception>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape than the config says.</exception>
    public static PaddedModel Open(Checkpoint source, ModelConfig config, PaddingTarget padTo)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(config);
        IReadOnlyList<BlockShape> shapes = config.Blocks.Count == 0 ? [] : ExportShapes.Padded(source, config, padTo);
        var weights = new PaddedWeights(source, ExportTensors.Of(source, config, shapes, config.Features));
        return new PaddedModel(source.With(weights), config with { Blocks = shapes });
    }

    /// <inheritdoc />
    public void Dispose() => Checkpoint.Dispose();
}
